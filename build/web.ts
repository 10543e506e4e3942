/**
 * `npm run build:web`: makes the browser pages, dist/web/observer, which the server serves at /observer. Needs no network.
 * With `--watch` it makes them anew whenever a file of theirs is saved.
 */
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { build } from 'vite';

const project = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

await build({
  configFile: false,
  root: join(project, 'web', 'observer'),
  base: '/observer/',
  plugins: [react()],
  logLevel: 'warn',
  build: {
    outDir: join(project, 'dist', 'web', 'observer'),
    emptyOutDir: true,
    // The page is for whoever runs a server: a browser of the last two years.
    target: 'es2023',
    // A preload helper would be a script of its own for one file.
    modulePreload: false,
    // Everything is a file of its own: the page's Content-Security-Policy allows no `data:` address.
    assetsInlineLimit: 0,
    watch: process.argv.includes('--watch') ? {} : null,
  },
});
