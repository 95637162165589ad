import { decodePath, type FileChange } from '@boatload/contract';
import { connectEngine } from '@boatload/engine';
import { afterAll, expect, test } from 'vitest';
import { headerOf, type Packed } from '../../../engine/test/tar/tar-bytes.ts';
import { listChanges } from '../../src/changes/list-changes.ts';
import type { ReadTarget } from '../../src/state/attempt-record.ts';
import { bytes } from '../read-target.ts';
import { makeStagedTarget, type StagedKind } from '../staged-target.ts';

const engine = connectEngine();
afterAll(() => engine.close());

/** Numbers from 0 to 1 that are the same each time (mulberry32). */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Few names, so that what was deleted is often made again. */
const names = ['a', 'b', 'c', 'd'];
const stagedAt = 1_700_000_000;

/** Directories of these names in each other, each with files, and a directory for hard links. */
function stagedTree(way = '', depth = 0): Packed[] {
  const all = names.map((name) => `${way}${name}`);
  const files = depth === 2 ? all : all.slice(3);
  const directories = depth === 2 ? [] : all.slice(0, 3);
  return [
    ...files.map((path) => headerOf({ path: bytes(`data/${path}`), content: bytes(`staged ${path}`) })),
    ...directories.flatMap((path) => [
      headerOf({ path: bytes(`data/${path}`), type: 'directory', mode: 0o755 }),
      ...stagedTree(`${path}/`, depth + 1),
    ]),
  ];
}

const linkNames = ['x', 'y', 'z'];
const links = [
  headerOf({ path: bytes('data/links'), type: 'directory', mode: 0o755 }),
  ...linkNames.map((name) => headerOf({ path: bytes(`data/links/${name}`), content: bytes(`staged ${name}`) })),
];

/** Shell commands that change things in all ways; some fail, as what they need isn't there. */
function makeCommands(seed: number, count: number): string {
  const random = makeRandom(seed);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  const way = (least: number): string =>
    Array.from({ length: least + Math.floor(random() * 3) }, () => pick(names)).join('/');
  const path = (): string => way(1);
  /** Not at the top, where little would be left in the end. */
  const inner = (): string => way(2);
  const link = (): string => `links/${pick(linkNames)}`;
  const time = (): string => pick([`${stagedAt}`, '1600000000']);
  const moved = (from: string, to: string): string => `[ -e ${to} ] || [ -L ${to} ] || mv -T ${from} ${to}`;
  const kinds: readonly (() => string)[] = [
    () => `printf new > ${path()}`,
    () => `printf more >> ${path()}`,
    () => `true >> ${path()}`,
    () => `mkdir ${path()}`,
    () => `mkdir -p ${path()}`,
    () => `rm -r ${inner()}`,
    () => `P=${inner()}; rm -r $P && mkdir $P`,
    () => `P=${inner()}; rm -r $P; printf instead > $P`,
    () => `chmod ${pick(['600', '644', '755', '700'])} ${path()}`,
    () => `chown ${pick(['0', '1000'])} ${path()}`,
    () => `touch -d @${time()} ${path()}`,
    () => `P=${path()}; touch -d @${stagedAt} $P/* $P`,
    () => moved(inner(), path()),
    () => `ln -sfn ${pick(names)} ${path()}`,
    () => `cp -rpT ${path()} ${path()}`,
    // Under a name of its own: whoever opens one waits.
    () => `mkfifo ${path()}-fifo`,
    () => `ln ${link()} ${link()}`,
    () => `printf more >> ${link()}`,
    () => `rm ${link()}`,
    () => moved(link(), link()),
  ];
  return Array.from({ length: count }, () => `{ ${kinds[Math.floor(random() * kinds.length)]?.()}; } 2>/dev/null`).join(
    '\n',
  );
}

async function changesIn(target: ReadTarget): Promise<string[]> {
  const list: FileChange[] = [];
  for await (const change of listChanges(engine, target)) list.push(change);
  return list
    .map((change) => [change.kind, change.type, change.size, change.mode?.toString(8), decodePath(change)].join(' '))
    .filter((line) => line.includes(' /data'));
}

/** The lists of a running container, and of the same when it has ended. */
async function readTwice(kind: StagedKind, commands: string): Promise<readonly [string[], string[]]> {
  const script = `umask 022; cd /data\n${commands}\necho ready; exec sleep 600`;
  const entries = [...stagedTree(), ...links];
  await using made = await makeStagedTarget(engine, { kind, entries, script, ready: true });
  const running = await changesIn(made.target);
  const path = `/containers/${made.target.containerId}`;
  await engine.json({ method: 'POST', path: `${path}/kill` });
  await engine.json({ method: 'POST', path: `${path}/wait` });
  return [running, await changesIn(made.target)];
}

test.each([1, 2, 3, 4])('whatever a container does, views and volumes tell the same of it (seed %i)', async (seed) => {
  const commands = makeCommands(seed, 120);
  const [[view, viewAtEnd], [volume, volumeAtEnd]] = await Promise.all([
    readTwice('view', commands),
    readTwice('volume', commands),
  ]);
  expect(view.length).toBeGreaterThan(10);
  expect(view).toEqual(volume);
  expect(viewAtEnd).toEqual(view);
  expect(volumeAtEnd).toEqual(volume);
});
