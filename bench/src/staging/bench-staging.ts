import { median, printTable } from '../figures.ts';
import { type Contender, openContenders } from './contenders.ts';

const rounds = 9;
const files = 5_000;
const mebibytes = 1_024;

/** What it takes to give a container its data, all contenders in turn in one run. */
export async function benchStaging(): Promise<void> {
  await using opened = await openContenders({
    files,
    fileBytes: Math.ceil((mebibytes * 1_048_576) / files / 512) * 512,
  });
  const { contenders, without } = opened;
  const times = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  const disks = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { milliseconds: nothing } = await without.run();
    bare.push(nothing);
    for (const contender of contenders) {
      const { milliseconds, bytes } = await contender.run();
      times.get(contender)?.push(contender.prepares ? milliseconds - nothing : milliseconds);
      disks.get(contender)?.push(bytes);
    }
  }
  report(contenders, { times, disks, bare });
}

interface Figures {
  readonly times: ReadonlyMap<Contender, readonly number[]>;
  readonly disks: ReadonlyMap<Contender, readonly number[]>;
  readonly bare: readonly number[];
}

function report(contenders: readonly Contender[], { times, disks, bare }: Figures): void {
  const [copy] = contenders;
  const copied = median((copy && times.get(copy)) ?? []);
  console.log(
    `\n${files} files, ${mebibytes} MiB, for each container more; medians of ${rounds} rounds, in turn.` +
      `\nWhat a container takes without data (${median(bare).toFixed(1)} ms to prepare) is taken off.\n`,
  );
  printTable([
    ['', 'time', '÷ cp -a', 'disk'],
    ...contenders.map((contender) => {
      const time = median(times.get(contender) ?? []);
      const disk = median(disks.get(contender) ?? []) / 1e6;
      return [contender.name, `${time.toFixed(1)} ms`, (time / copied).toFixed(4), `${disk.toFixed(2)} MB`];
    }),
  ]);
  console.log('\ntargets: a view at most 0.01 × cp -a in time, and under 1 MB');
}
