/**
 * Names that a file imports from where nothing of the kind is exported. JavaScript's own modules are refused for that when
 * they are linked; in the form in which handlers run, it would be undefined, and nobody would know before it is called.
 */
import { nearest } from '../config/suggestion.ts';

/** Told with the line in which the name is used first. */
export class MissingName extends SyntaxError {
  override readonly name = 'SyntaxError';
  readonly loc: { readonly line: number };

  constructor(name: string, specifier: string, line: number, meant: string | undefined) {
    const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
    super(`"${specifier}" exports no ${name}.${hint}`);
    this.loc = { line };
  }
}

/**
 * What is exported on (`export { X } from`) is not looked at: it may be a type.
 * @param code as `stripTypes` makes it: an imported name is looked up in what `require` gave, `_server.say`
 * @throws MissingName
 */
export function refuseMissingNames(code: string, specifier: string, exports: object): void {
  const required = new RegExp(`\\bvar (_[\\w$]+) = require\\((['"])${escaped(specifier)}\\2\\)`);
  const [, variable] = required.exec(code) ?? [];
  if (variable === undefined) return;
  const uses = new RegExp(
    `(?<!exports\\.[\\w$]+ = )(?<![\\w$.'"\`])${escaped(variable)}\\.([\\w$]+)`,
    'g',
  );
  for (const { 1: name = '', index } of code.matchAll(uses)) {
    if (name in exports) continue;
    const line = code.slice(0, index).split('\n').length;
    throw new MissingName(name, specifier, line, nearest(name, Object.keys(exports)));
  }
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
