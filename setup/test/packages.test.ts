import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { arePackagesInstalled } from '../packages.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Entry {
  readonly version: string;
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

type Entries = Readonly<Record<string, Entry>>;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boatload-packages-'));
  mkdirSync(join(folder, 'node_modules'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(wanted: Entries, present?: Entries): void {
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: wanted }));
  if (present === undefined) return;
  writeFileSync(join(folder, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: present }));
}

const a: Entries = { 'node_modules/a': { version: '1.0.0' } };

describe('npm packages are installed', () => {
  test('when there are none yet', () => {
    write(a);
    expect(arePackagesInstalled(folder)).toBe(false);
  });

  test.each<[string, Entries, Entries]>([
    ['when one is missing', { ...a, 'node_modules/b': { version: '1.0.0' } }, a],
    ['when one has another version', a, { 'node_modules/a': { version: '1.0.1' } }],
    ['when one is there that the lockfile does not know', a, { ...a, 'node_modules/b': { version: '1.0.0' } }],
    [
      'when one was installed for another system',
      { 'node_modules/a': { version: '1.0.0', os: ['plan9'] } },
      { 'node_modules/a': { version: '1.0.0', os: ['plan9'] } },
    ],
  ])('%s', (_, wanted, present) => {
    write(wanted, present);
    expect(arePackagesInstalled(folder)).toBe(false);
  });
});

describe('npm packages are left alone', () => {
  test('when all are there', () => {
    write(a, a);
    expect(arePackagesInstalled(folder)).toBe(true);
  });

  test('when only an optional one for another system is missing', () => {
    write({ ...a, 'node_modules/b': { version: '1.0.0', optional: true, os: ['plan9'] } }, a);
    expect(arePackagesInstalled(folder)).toBe(true);
  });
});

test('the lockfile names every optional package, so that npm ci accepts it on every system', () => {
  const lock: { readonly packages: Entries } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const unnamed = Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {}).filter((name) => !isNamed(lock.packages, path, name)),
  );
  expect(unnamed).toEqual([]);
});

/** Whether a dependency is found as Node finds it: beside the package, or in a folder above. */
function isNamed(packages: Entries, path: string, name: string): boolean {
  const parts = path.split('/node_modules/');
  const above = parts.map((_, index) => parts.slice(0, index + 1).join('/node_modules/'));
  return [...above.map((folder) => `${folder}/node_modules/${name}`), `node_modules/${name}`].some(
    (at) => at in packages,
  );
}
