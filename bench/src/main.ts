import { benchStaging } from './staging/bench-staging.ts';
import { benchStart } from './start/bench-start.ts';

/** Every benchmark by its name on the command line. */
const benches: Readonly<Record<string, () => Promise<void>>> = {
  start: benchStart,
  staging: benchStaging,
};

const names = process.argv.slice(2);
const unknown = names.find((name) => benches[name] === undefined);
if (names.length === 0 || unknown !== undefined) {
  console.error(
    `${unknown === undefined ? 'Say which' : `There is no "${unknown}"`}: npm run bench -- ${Object.keys(benches).join(' | ')}`,
  );
  process.exitCode = 2;
} else {
  for (const name of names) await benches[name]?.();
}
