import t from 'tap';
import { compileLoad } from '../../../server/code/compile-load.ts';

void t.test('what awaits at the top of a file is told what to do, with its place', async t => {
  const file = { path: 'ping.ts', filename: '/h/ping.ts', code: '\nconst now = await later();' };
  const load = { id: 1, files: [file], modules: [{ name: 'ping', path: 'ping.ts' }] };
  t.throws(() => compileLoad(load), {
    code: 'compile_failed',
    line: 2,
    message:
      /^\/h\/ping\.ts:2: await is outside of any async function: at the top of a file .*; mend the file/,
  });
});
