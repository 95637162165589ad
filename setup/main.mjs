import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SetupFailure } from './failure.mjs';
import { setUp } from './setup.mjs';

// node setup/main.mjs [PROGRAM ARGUMENT …]: sets up, then goes on as that program, in this process.
const [program, ...args] = process.argv.slice(2);

try {
  const began = performance.now();
  const { dockerHost, spoke } = await setUp();
  process.env.DOCKER_HOST = dockerHost;
  if (program === undefined) {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(
      spoke
        ? `Ready after ${seconds} s. Next: npm run demo`
        : `All is set up (looked for ${seconds} s). Next: npm run demo`,
    );
  } else if (spoke) console.log();
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.error(`\n${error.message}`);
  process.exit(1);
}

if (program !== undefined) {
  const path = resolve(program);
  process.argv.splice(1, Infinity, path, ...args);
  await import(pathToFileURL(path).href);
}
