import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every package by its folder: its name, and what of ours it may import (docs/architecture.md). */
const packages: Readonly<Record<string, { readonly name: string; readonly may: readonly string[] }>> = {
  'packages/contract': { name: '@boatload/contract', may: [] },
  'packages/backend': { name: '@boatload/backend', may: ['@boatload/contract'] },
  'packages/engine': { name: '@boatload/engine', may: ['@boatload/contract'] },
  'packages/fetch': { name: '@boatload/fetch', may: ['@boatload/contract'] },
  'packages/satellite': {
    name: '@boatload/satellite',
    may: ['@boatload/contract', '@boatload/engine', '@boatload/fetch'],
  },
  'packages/backends/docker': { name: '@boatload/backend-docker', may: ['@boatload/contract', '@boatload/backend'] },
  'packages/api': {
    name: '@boatload/api',
    may: [
      '@boatload/contract',
      '@boatload/backend',
      '@boatload/engine',
      '@boatload/fetch',
      '@boatload/satellite',
      '@boatload/backend-docker',
    ],
  },
  'packages/cli': { name: 'boatload', may: ['@boatload/contract', '@boatload/api'] },
};

const folders = Object.keys(packages);
const names = Object.values(packages).map(({ name }) => name);

interface Edge {
  readonly folder: string;
  readonly specifier: string;
  readonly allowed: boolean;
  /** Default: a plain import. */
  readonly form?: (specifier: string) => string;
}

const byName: readonly Edge[] = folders.flatMap((folder) => {
  const { name, may } = packages[folder] ?? { name: '', may: [] };
  const others = [...names, '@boatload/backend-swarm'].filter((other) => other !== name);
  return others.map((specifier) => ({ folder, specifier, allowed: may.includes(specifier) }));
});

const aroundTheEntry: readonly Edge[] = folders.flatMap((folder) => {
  const up = '../'.repeat(folder.split('/').length + 1);
  const others = folders.filter((other) => other !== folder);
  return [
    ...others.map((other) => ({ folder, specifier: `${up}${other}/src/index.ts`, allowed: false })),
    { folder, specifier: '@boatload/engine/src/connect.ts', allowed: false },
    { folder, specifier: '@boatload/contract/dist/index.js', allowed: false },
  ];
});

const throughSubpaths: readonly Edge[] = [
  { folder: 'packages/contract', specifier: 'node:fs', allowed: false },
  { folder: 'packages/contract', specifier: '@boatload/backend/conformance', allowed: false },
  { folder: 'packages/satellite', specifier: '@boatload/backend/conformance', allowed: false },
  // The suite belongs to a backend's tests, which no wall restricts; what runs must not load it.
  { folder: 'packages/backends/docker', specifier: '@boatload/backend/conformance', allowed: false },
  { folder: 'packages/backends/docker', specifier: '@boatload/engine/tar', allowed: false },
  { folder: 'packages/api', specifier: './server/server.ts', allowed: true },
];

const inEveryForm: readonly Edge[] = [
  (specifier: string) => `export * from '${specifier}';\n`,
  (specifier: string) => `import type { Engine } from '${specifier}';\n\nexport type Kept = Engine;\n`,
  (specifier: string) => `export const other = await import('${specifier}');\n`,
].map((form) => ({ folder: 'packages/contract', specifier: '@boatload/engine', allowed: false, form }));

const plainImport = (specifier: string) => `import * as other from '${specifier}';\n\nother;\n`;

const edges = [...byName, ...aroundTheEntry, ...throughSubpaths, ...inEveryForm];

describe('an import that crosses a wall is refused', () => {
  let copy: string;
  let refused: ReadonlySet<string>;

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'boatload-walls-'));
    for (const name of ['biome.json', '.gitignore']) cpSync(join(root, name), join(copy, name));
    for (const [index, edge] of edges.entries()) {
      const file = join(copy, fileOf(edge, index));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, (edge.form ?? plainImport)(edge.specifier));
    }
    refused = lintForRefusedImports(copy);
  });

  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  test.each(edges.map((edge, index) => ({ ...edge, index, verdict: edge.allowed ? 'may' : 'may not' })))(
    '$folder $verdict import $specifier',
    ({ index, ...edge }) => {
      expect(refused.has(fileOf(edge, index))).toBe(!edge.allowed);
    },
  );
});

describe('a dependency that crosses a wall is not declared', () => {
  test.each(folders)('%s depends only on what it may import', (folder) => {
    const declared = declaredPackages(folder).filter((name) => names.includes(name));
    const may = packages[folder]?.may ?? [];
    expect(declared.filter((name) => !may.includes(name))).toEqual([]);
  });

  test('every package of the workspace has its walls listed here', () => {
    expect(readJson('package.json').workspaces).toEqual(expect.arrayContaining(folders));
    const packaged = (readJson('package.json').workspaces ?? []).filter((folder) => folder.startsWith('packages/'));
    expect(packaged.filter((folder) => !folders.includes(folder))).toEqual([]);
  });
});

interface PackageFile {
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readJson(file: string): PackageFile {
  return JSON.parse(readFileSync(join(root, file), 'utf8'));
}

function declaredPackages(folder: string): readonly string[] {
  const file = readJson(join(folder, 'package.json'));
  return Object.keys({ ...file.dependencies, ...file.peerDependencies, ...file.optionalDependencies });
}

/** One file for each edge, some folders deep as real ones are. */
function fileOf({ folder }: Pick<Edge, 'folder'>, index: number): string {
  return join(folder, 'src', `edge-${index}.ts`);
}

/** The files, relative to the folder, in which Biome refuses an import. */
function lintForRefusedImports(folder: string): ReadonlySet<string> {
  const biome = join(root, 'node_modules', '.bin', 'biome');
  const args = ['lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none', '.'];
  const report: {
    readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
  } = JSON.parse(run(biome, args, folder));
  const ours = report.diagnostics.filter(({ category }) => category === 'lint/style/noRestrictedImports');
  return new Set(ours.map(({ location }) => location.path.replace(/^\.\//, '')));
}

/** Output of a program that is meant to fail. */
function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, [...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') return error.stdout;
    throw error;
  }
}
