#!/usr/bin/env -S node --enable-source-maps --max-semi-space-size=64
// The command's front door: the code behind it is TypeScript, compiled to dist/ by `npm ci`.
import { existsSync } from 'node:fs';

const entry = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(entry)) {
  process.stderr.write('strowger is not built yet: run `npm ci` (or `npm run build`) first.\n');
  process.exit(1);
}
const { main } = await import(entry.href);
await main();
