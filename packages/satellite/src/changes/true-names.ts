import type { Engine, EngineChange, ReadOptions } from '@boatload/engine';
import { isBelow, type PathKey, parentOf, textToPathKey } from '../files/container-path.ts';
import { readTree, readWholeTree } from '../files/read-tree.ts';
import { retryCut } from '../files/retry-cut.ts';
import { engineText } from './engine-text.ts';

/** A changed path by its bytes. */
export interface KeyedChange {
  readonly key: PathKey;
  readonly kind: EngineChange['kind'];
}

const replacement = '\ufffd';

/**
 * Gives the Engine's changes their true names. Where a name is not UTF-8 the Engine's list has lost bytes;
 * they are found by reading the directory as tar. Of several names that look alike in the list, the youngest
 * are taken. What was deleted can no longer be read: it keeps the name that the Engine gives.
 */
export async function findTrueNames(
  engine: Engine,
  containerId: string,
  changes: readonly EngineChange[],
  options: ReadOptions,
): Promise<readonly KeyedChange[]> {
  const plain = changes.filter((change) => !change.path.includes(replacement));
  const lossy = changes.filter((change) => change.path.includes(replacement));
  const keyed = plain.map(({ path, kind }) => ({ key: textToPathKey(path), kind }));
  if (lossy.length === 0) return keyed;
  const present = lossy.filter((change) => change.kind !== 'deleted');
  const directories = topMost(present.map((change) => plainAncestor(change.path)));
  const candidates = await retryCut(() => readCandidates(engine, containerId, directories, options));
  return [...keyed, ...lossy.map(({ path, kind }) => ({ key: nameOf(candidates, path, kind), kind }))];
}

async function readCandidates(
  engine: Engine,
  containerId: string,
  directories: readonly PathKey[],
  options: ReadOptions,
): Promise<Candidates> {
  const candidates = new Candidates();
  for (const directory of directories) {
    const tree =
      directory === '/'
        ? readWholeTree(engine, containerId, options)
        : readTree(engine, containerId, directory, options);
    for await (const { key, entry } of tree) candidates.note(key, entry.mtime);
  }
  return candidates;
}

function nameOf(candidates: Candidates, path: string, kind: EngineChange['kind']): PathKey {
  const taken = kind === 'deleted' ? undefined : candidates.take(path);
  return taken ?? textToPathKey(path);
}

/** Names met in the container, by the text that the Engine has for them. */
class Candidates {
  readonly #byText = new Map<string, { readonly key: PathKey; readonly mtime: Date }[]>();

  note(key: PathKey, mtime: Date): void {
    const text = engineText(key);
    if (!text.includes(replacement)) return;
    const alike = this.#byText.get(text) ?? [];
    alike.push({ key, mtime });
    alike.sort((left, right) => right.mtime.getTime() - left.mtime.getTime());
    this.#byText.set(text, alike);
  }

  /** The next name with this text; each is given once. */
  take(text: string): PathKey | undefined {
    return this.#byText.get(text)?.shift()?.key;
  }
}

/** The longest directory of a path whose name the Engine did not garble. */
function plainAncestor(path: string): PathKey {
  return parentOf(textToPathKey(`${path.slice(0, path.indexOf(replacement))}x`));
}

function topMost(directories: readonly PathKey[]): readonly PathKey[] {
  const all = [...new Set(directories)];
  return all.filter((directory) => !all.some((other) => isBelow(directory, other)));
}
