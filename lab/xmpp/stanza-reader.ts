/**
 * Cuts what an XMPP server sends into the stream's opening and its top-level elements (RFC 6120 section 4), as text.
 * As lean as a load generator needs it, so it is no XML parser: it relies on top-level elements that do not nest one
 * of their own name, which holds for a server without carbons, archives and forwarding.
 */

/** More than any element that the load brings. */
const limitCharacters = 1 << 20;

/** The server sent what this reader does not take. */
export class StanzaError extends Error {
  override readonly name = 'StanzaError';
}

export class StanzaReader {
  readonly #onElement: (name: string, text: string) => void;
  #rest = '';

  /** @param onElement the element's name, `stream:stream` for the opening, and all of its text */
  constructor(onElement: (name: string, text: string) => void) {
    this.#onElement = onElement;
  }

  /** A restarted stream begins anew (RFC 6120 section 4.3.3). */
  restart(): void {
    this.#rest = '';
  }

  /** @param chunk decoded: what is looked for is ASCII, so latin1 does @throws StanzaError */
  push(chunk: string): void {
    const text = this.#rest + chunk;
    this.#rest = '';
    let at = 0;
    for (;;) {
      const begin = text.indexOf('<', at);
      if (begin < 0) return;
      const head = text.indexOf('>', begin);
      const end = head < 0 ? -1 : endOfElement(text, begin, head);
      if (end < 0) {
        if (text.length - begin > limitCharacters)
          throw new StanzaError(`an element has more than ${limitCharacters} characters`);
        this.#rest = text.slice(begin);
        return;
      }
      at = end;
      const name = nameAt(text, begin);
      if (name !== '?xml') this.#onElement(name, text.slice(begin, end));
    }
  }
}

/** @returns the place after the element that begins at `begin` and whose first `>` is at `head`; -1 when it is not all there */
function endOfElement(text: string, begin: number, head: number): number {
  const name = nameAt(text, begin);
  const isAlone = name === '?xml' || name === 'stream:stream' || name.startsWith('/');
  if (isAlone || text.charCodeAt(head - 1) === 0x2f) return head + 1;
  const closing = `</${name}>`;
  const found = text.indexOf(closing, head);
  return found < 0 ? -1 : found + closing.length;
}

function nameAt(text: string, begin: number): string {
  let end = begin + 1;
  // Up to a space, `>` or the `/` of an element without content.
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 0x20 || code === 0x3e || (code === 0x2f && end > begin + 1)) break;
  }
  return text.slice(begin + 1, end);
}

/** An attribute of an element's first tag; undefined where it has none of that name. Either quote is legal (XML 1.0 section 2.3). */
export function attribute(element: string, name: string): string | undefined {
  for (const quote of ["'", '"']) {
    const begin = element.indexOf(` ${name}=${quote}`);
    if (begin < 0 || begin > element.indexOf('>')) continue;
    const from = begin + name.length + 3;
    return element.slice(from, element.indexOf(quote, from));
  }
  return undefined;
}
