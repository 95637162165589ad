import { BoatLoadError } from '@boatload/contract';
import type { ReadOptions } from '@boatload/engine';
import { joinPath, type PathKey, toText } from '../files/container-path.ts';
import type { ViewLayers } from '../state/attempt-record.ts';
import { DirectoryChain } from '../system/directory-chain.ts';
import { type EntryStat, typeOfStat } from '../system/entry-stat.ts';
import { type LibC, loadLibC } from '../system/libc.ts';
import type { OpenDirectory } from '../system/open-directory.ts';
import { ThreadTurn } from '../system/thread-turn.ts';
import { isModified, isWhiteout } from './compare-entries.ts';

/** Where something changed lies, until the next change is asked for. */
export interface ViewSource {
  readonly directory: OpenDirectory;
  readonly name: string;
  /** As it was when its directory was read. */
  readonly stat: EntryStat;
}

export interface ViewChange {
  readonly key: PathKey;
  readonly kind: 'added' | 'modified' | 'deleted';
  /** Undefined for what was deleted. */
  readonly source: ViewSource | undefined;
  /** Of what was deleted: what it lay in is no directory any more. */
  readonly wasReplaced?: boolean;
}

/** What of a mount is not told as its change. */
export interface Skips {
  /** The path, though not what lies in it. */
  readonly itself: (key: PathKey) => boolean;
  /** The path as something within another mount, with all that lies in it. */
  readonly below: (key: PathKey) => boolean;
}

export interface ViewOptions extends ReadOptions {
  /** Where the view is mounted in the container. */
  readonly mountPoint: PathKey;
  readonly skips: Skips;
}

/** Bytes; nobody could name what has a longer path, and to nest directories costs a program nothing. */
const longestPath = 4_095;

/**
 * What a container changed in a view, from the upper directory, while the container may go on changing it: a
 * directory before what lies in it and directly before what was deleted from it, otherwise by name. Nothing if
 * there is no upper directory. A copy that is still the same as what it was made of is no change, nor is a hard
 * link that the copying broke. Of a deleted directory there is one entry. Sockets are left out, and what has a
 * path of more than 4,095 bytes. Of one directory at a time all names are held.
 * @throws internal when what lies below the view is gone, or cannot be read as it is
 */
export async function* readViewChanges(
  view: ViewLayers,
  options: ViewOptions,
): AsyncGenerator<ViewChange, void, undefined> {
  options.signal?.throwIfAborted();
  const libc = await loadLibC();
  using upper = DirectoryChain.open(view.upper, libc);
  if (upper === undefined) return;
  using lower = DirectoryChain.open(view.lower, libc);
  if (lower === undefined || libc === undefined) throw unreadable(options.mountPoint, libc);
  const walk = new ViewWalk({ upper, lower, libc }, options);
  for (let told: Told | undefined = await walk.begin(); told !== undefined; ) {
    for (const change of told) yield change;
    // Most steps need not wait: to await them all the same would take most of the time.
    const next = walk.step();
    told = next instanceof Promise ? await next : next;
  }
}

interface Layers {
  readonly upper: DirectoryChain;
  /** Goes along as long as there is a directory of the same name. */
  readonly lower: DirectoryChain;
  readonly libc: LibC;
}

type Told = readonly ViewChange[];

interface Item {
  readonly name: string;
  readonly stat: EntryStat;
}

/** A directory, and how far it is told. */
interface Level {
  readonly key: PathKey;
  readonly items: readonly Item[];
  next: number;
  /** Whether there is a directory of this name below. */
  readonly isPair: boolean;
  /** Whether nothing of that shows through: it was deleted before this one was made. */
  readonly isOpaque: boolean;
}

class ViewWalk {
  readonly #layers: Layers;
  readonly #options: ViewOptions;
  readonly #levels: Level[] = [];
  readonly #turn = new ThreadTurn();

  constructor(layers: Layers, options: ViewOptions) {
    this.#layers = layers;
    this.#options = options;
  }

  /** @returns the first changes */
  async begin(): Promise<Told> {
    return await this.#arrive(this.#options.mountPoint, { isPair: true, isOpaque: false });
  }

  /** @returns the next changes; undefined at the end */
  step(): Told | undefined | Promise<Told> {
    if (this.#turn.isOver) return this.#rest();
    const level = this.#levels.at(-1);
    if (level === undefined) return undefined;
    const item = level.items[level.next];
    level.next += 1;
    if (item === undefined) return this.#leave(level);
    if (level.isPair || typeOfStat(item.stat) === 'directory') return this.#tell(level, item);
    const source = this.#sourceOf(item);
    return source === undefined ? [] : this.#own({ key: joinPath(level.key, item.name), kind: 'added', source });
  }

  /** Reads the directory that was entered. @returns what was deleted from it */
  async #arrive(key: PathKey, state: Pick<Level, 'isPair' | 'isOpaque'>): Promise<Told> {
    const { upper, lower } = this.#layers;
    const directory = upper.current;
    const all = directory === undefined ? [] : await this.#readItems(key, directory);
    const items = all.filter(({ stat }) => !isAbsent(stat));
    const below = state.isPair ? lower.current : undefined;
    const isOpaque = state.isOpaque || (below !== undefined && directory !== undefined && this.#isOpaque(directory));
    this.#levels.push({ key, items, next: 0, isPair: state.isPair, isOpaque });
    if (below === undefined || directory === undefined) return [];
    if (isOpaque) return this.#deletions(key, without(await below.names(), items));
    const absent = all.filter(({ name, stat }) => isAbsent(stat) && below.stat(name) !== undefined);
    return this.#deletions(
      key,
      absent.map(({ name }) => name),
    );
  }

  async #readItems(key: PathKey, directory: OpenDirectory): Promise<Item[]> {
    const items: Item[] = [];
    for (const name of await directory.names()) {
      if (this.#turn.isOver) await this.#rest();
      const path = joinPath(key, name);
      if (path.length > longestPath || this.#options.skips.below(path)) continue;
      const stat = directory.stat(name);
      if (stat !== undefined) items.push({ name, stat });
    }
    return items;
  }

  #leave(level: Level): Told {
    this.#levels.pop();
    if (this.#levels.length === 0) return [];
    this.#layers.upper.leave();
    if (level.isPair) this.#layers.lower.leave();
    return [];
  }

  /** @returns the change that something is, if it is one, and what was deleted with it or in it */
  async #tell(level: Level, item: Item): Promise<Told> {
    const source = this.#sourceOf(item);
    if (source === undefined) return [];
    const { name, stat } = item;
    const key = joinPath(level.key, name);
    const below = level.isPair ? this.#layers.lower.current : undefined;
    const before = below?.stat(name);
    const lower = below === undefined || before === undefined ? undefined : { directory: below, stat: before };
    const kind = lower === undefined ? 'added' : 'modified';
    const isChange = lower === undefined || (await isModified({ name, upper: source, lower }, this.#options.signal));
    const own = isChange ? this.#own({ key, kind, source }) : [];
    const wasThere = before !== undefined && typeOfStat(before) === 'directory';
    if (typeOfStat(stat) === 'directory') return [...own, ...(await this.#enter(level, { name, wasThere }))];
    if (!wasThere) return own;
    using former = below?.openChild(name);
    const gone = this.#deletions(key, (await former?.names()) ?? []);
    return [...own, ...gone.map((change) => ({ ...change, wasReplaced: true }))];
  }

  #sourceOf({ name, stat }: Item): ViewSource | undefined {
    const directory = this.#layers.upper.current;
    return directory === undefined ? undefined : { directory, name, stat };
  }

  #own(change: ViewChange): Told {
    return this.#options.skips.itself(change.key) ? [] : [change];
  }

  async #enter(level: Level, { name, wasThere }: { readonly name: string; readonly wasThere: boolean }): Promise<Told> {
    const { upper, lower } = this.#layers;
    if (!upper.enter(name)) return [];
    const isPair = wasThere && lower.enter(name);
    return await this.#arrive(joinPath(level.key, name), { isPair, isOpaque: isPair && level.isOpaque });
  }

  #deletions(directory: PathKey, names: readonly string[]): ViewChange[] {
    const { itself, below } = this.#options.skips;
    return names
      .map((name) => joinPath(directory, name))
      .filter((key) => !itself(key) && !below(key))
      .map((key) => ({ key, kind: 'deleted', source: undefined }));
  }

  #isOpaque(directory: OpenDirectory): boolean {
    // The calls that follow no link would stop at the descriptor's own, but not at what is in it.
    const value = this.#layers.libc.readAttribute(Buffer.from(`${directory.path}/.`), 'trusted.overlay.opaque');
    return value?.toString('latin1') === 'y';
  }

  async #rest(): Promise<Told> {
    await this.#turn.pass();
    this.#options.signal?.throwIfAborted();
    return [];
  }
}

/** Sockets are as good as absent: the Engine, which reads other mounts, does not tell of them either. */
function isAbsent(stat: EntryStat): boolean {
  return isWhiteout(stat) || typeOfStat(stat) === 'socket';
}

function without(names: readonly string[], items: readonly Item[]): string[] {
  const there = new Set(items.map(({ name }) => name));
  return names.filter((name) => !there.has(name));
}

function unreadable(mountPoint: PathKey, libc: LibC | undefined): BoatLoadError {
  const place = toText(mountPoint);
  const text =
    libc === undefined
      ? `What changed in ${place} cannot be read: this system does not let us read extended attributes.`
      : `What was staged for ${place} is gone from the node's cache, so it cannot be told what changed: submit the container again, and let nobody but BoatLoad remove files of its state directory.`;
  return new BoatLoadError('internal', text);
}
