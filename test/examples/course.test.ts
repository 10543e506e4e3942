/** The course does as it says: programs are run, changed as a lesson says, run again, and print what the page shows. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';
import ts from 'typescript';
import { Workplace } from '../cli/strowger.ts';
import { tour } from '../cli/tour.ts';
import { change, excerptsOf, filesOf, stepsOf, type Step } from './lesson.ts';

const root = new URL('../../../', import.meta.url);
const course = new URL('docs/course/', root);
const built = new URL('dist/examples/', root);

const lessons = readdirSync(course).filter(file => /^\d-.*\.md$/.test(file));
const read = (file: URL): string => readFileSync(file, 'utf8');

const RUN = /^node dist\/examples\/(?<name>[\w-]+)\.js$/;

for (const lesson of lessons) {
  void t.test(lesson, async t => {
    const page = read(new URL(lesson, course));
    const programs = new Set<string>();
    for (const step of stepsOf(page)) {
      const name = RUN.exec(step.command)?.groups?.['name'];
      if (name === undefined) continue;
      programs.add(name);
      const what = `${step.command} after ${step.changes.length} changes`;
      t.equal(await print(name, step), step.output, what);
    }
    const sources = [...programs].map(name => read(new URL(`examples/${name}.ts`, root)));
    for (const excerpt of excerptsOf(page)) {
      t.ok(
        sources.some(source => source.includes(excerpt)),
        `it shows what is in the program: ${excerpt.split('\n', 1)[0] ?? ''}`,
      );
    }
  });
}

/** What the program prints to stdout, with the changes made. Its exit code is part of what it does, not of this. */
async function print(name: string, { changes }: Step): Promise<string> {
  if (changes.length === 0) return run(new URL(`${name}.js`, built));
  const source = changes.reduce(change, read(new URL(`examples/${name}.ts`, root)));
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      rewriteRelativeImportExtensions: true,
    },
  });
  // Beside the others, so that its imports lead where theirs do.
  const file = new URL(`.${name}.${randomUUID()}.js`, built);
  writeFileSync(file, outputText);
  try {
    return await run(file);
  } finally {
    rmSync(file);
  }
}

async function run(file: URL): Promise<string> {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const done = await promisify(execFile)(process.execPath, [fileURLToPath(file)], { env }).catch(
    (error: unknown) => error as { stdout: string },
  );
  return done.stdout.trimEnd();
}

for (const lesson of lessons) {
  const page = read(new URL(lesson, course));
  const steps = stepsOf(page).filter(({ command }) => !RUN.test(command));
  if (steps.length === 0) continue;
  void t.test(`${lesson}, with a server`, async t => {
    const place = new Workplace();
    t.teardown(() => place.end());
    for (const [path, text] of filesOf(page)) place.write(path, text);
    await tour(t, place, steps, { isolates: 1 });
  });
}

for (const lesson of lessons) {
  void t.test(`${lesson} has what every lesson has`, t => {
    const page = read(new URL(lesson, course));
    t.match(page, /^\*\*Aim:\*\* you can /m);
    t.match(page, /^## Break it: /m);
    for (const section of ['In the observer', 'On the BEAM', 'Exercises'])
      t.match(page, new RegExp(`^## ${section}$`, 'm'), section);
    t.end();
  });
}

/** Its reader builds it with `npx tsc`, which is stricter than the running above. */
void t.test('every change compiles', t => {
  const changed = new Map<string, string>();
  for (const lesson of lessons)
    for (const { command, changes } of stepsOf(read(new URL(lesson, course)))) {
      const name = RUN.exec(command)?.groups?.['name'];
      if (name === undefined || changes.length === 0) continue;
      const program = new URL(`examples/changed-${changed.size}-${name}.ts`, root);
      const source = read(new URL(`examples/${name}.ts`, root));
      changed.set(fileURLToPath(program), changes.reduce(change, source));
    }
  const config = fileURLToPath(new URL('tsconfig.json', root));
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(config, file => ts.sys.readFile(file)).config,
    ts.sys,
    fileURLToPath(root),
  );
  const compilerOptions = { ...options, noEmit: true, incremental: false };
  delete compilerOptions.tsBuildInfoFile;
  const own = ts.createCompilerHost(compilerOptions);
  const host: ts.CompilerHost = {
    ...own,
    fileExists: file => changed.has(file) || own.fileExists(file),
    readFile: file => changed.get(file) ?? own.readFile(file),
    getSourceFile: (file, target, ...rest) => {
      const text = changed.get(file);
      return text === undefined
        ? own.getSourceFile(file, target, ...rest)
        : ts.createSourceFile(file, text, target);
    },
  };
  const program = ts.createProgram([...changed.keys()], compilerOptions, host);
  t.ok(changed.size > 10, `${changed.size} changed programs`);
  for (const file of changed.keys()) {
    const source = program.getSourceFile(file);
    const wrong = ts.getPreEmitDiagnostics(program, source);
    t.same(
      wrong.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
      [],
      file,
    );
  }
  t.end();
});

void t.test('every solution runs to its end', async t => {
  const solutions = readdirSync(new URL('solutions/', built)).filter(file => file.endsWith('.js'));
  t.ok(solutions.length > 0, 'there are some');
  for (const file of solutions) {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [fileURLToPath(new URL(`solutions/${file}`, built))],
      { env: { ...process.env, NODE_OPTIONS: '' } },
    );
    t.not(stdout, '', `${file} prints something`);
  }
});
