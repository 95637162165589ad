#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('boatload is not built yet. In the folder of the checkout run:\n\n  npm run setup\n');
  process.exitCode = 1;
}
