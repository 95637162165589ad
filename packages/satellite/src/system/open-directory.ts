import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { BoatLoadError } from '@boatload/contract';
import type { EntryStat } from './entry-stat.ts';
import type { LibC } from './libc.ts';
import { OpenFile } from './open-file.ts';

/** Linux' O_PATH, which Node does not name: the file is found, but nothing of it is opened, not even a device. */
const locateOnly = 0o10000000;
const anything = locateOnly | constants.O_NOFOLLOW;
const directoryOnly = anything | constants.O_DIRECTORY;

/** Bytes that a directory itself takes: names that take more are read off the main thread. */
const largeDirectory = 256 * 1024;

/** What a path says of which the container has put something else in its place meanwhile. */
const gone: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ESTALE', 'ENAMETOOLONG']);

/**
 * A directory held by its descriptor, of a tree that a hostile program changes at the same moment. From here one
 * name at a time is looked up, and no symbolic link is ever followed, so that no race leads out of the tree.
 * Names have one character per byte, as in a PathKey. Needs Linux, with /proc.
 *
 * Its calls don't wait for others and take some microseconds: who makes many of them must let others have a turn.
 */
export class OpenDirectory implements Disposable {
  readonly #descriptor: number;
  readonly #libc: LibC | undefined;
  #closed = false;

  private constructor(descriptor: number, libc: LibC | undefined) {
    this.#descriptor = descriptor;
    this.#libc = libc;
  }

  /**
   * Opens the root of a tree; undefined if there is no such directory.
   * @param path absolute; all but its last part must be out of the reach of containers
   * @param libc makes looking things up three times as fast
   */
  static open(path: string, libc?: LibC): OpenDirectory | undefined {
    return unlessGone(() => new OpenDirectory(openSync(path, directoryOnly), libc));
  }

  /** A path that leads to this very directory, for calls of the system that take paths. Only while it is open. */
  get path(): string {
    return `/proc/self/fd/${this.#descriptor}`;
  }

  /** Opens a directory in this one; undefined if there is none of this name, or something else. */
  openChild(name: string): OpenDirectory | undefined {
    return unlessGone(() => new OpenDirectory(this.#open(name, directoryOnly), this.#libc));
  }

  /** The names in the directory, in the order of bytes. All are held. */
  async names(): Promise<readonly string[]> {
    const isLarge = this.statSelf().size > largeDirectory;
    const names = isLarge ? await readdir(this.path, 'latin1') : readdirSync(this.path, 'latin1');
    return names.sort(byBytes);
  }

  /** What the directory itself is. */
  statSelf(): EntryStat {
    return fstatSync(this.#descriptor);
  }

  /** What has this name, symbolic links not followed; undefined if nothing has. */
  stat(name: string): EntryStat | undefined {
    const statAt = this.#libc?.statAt;
    if (statAt === undefined) return unlessGone(() => lstatSync(this.#pathOf(name), { throwIfNoEntry: false }));
    return unlessGone(() => statAt(this.#descriptor, this.#check(name)));
  }

  /** Where a symbolic link leads; undefined if there is none of this name. */
  readLink(name: string): Buffer | undefined {
    return unlessGone(() => readlinkSync(this.#pathOf(name), 'buffer'), 'EINVAL');
  }

  /**
   * Opens a regular file for reading; undefined if there is none of this name, or something else. Never opens
   * what is no regular file: to open a device can do things, and to open a FIFO may wait for ever.
   */
  openFile(name: string): OpenFile | undefined {
    const found = unlessGone(() => this.#open(name, anything));
    if (found === undefined) return undefined;
    try {
      return OpenFile.reopen(found);
    } finally {
      closeSync(found);
    }
  }

  /** May be repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(name: string, flags: number): number {
    if (this.#libc === undefined) return openSync(this.#pathOf(name), flags);
    return this.#libc.openAt(this.#descriptor, this.#check(name), flags);
  }

  #pathOf(name: string): Buffer {
    return Buffer.from(`${this.path}/${this.#check(name)}`, 'latin1');
  }

  #check(name: string): string {
    if (!this.#closed && isName(name)) return name;
    throw new BoatLoadError('internal', 'A directory was read after it was closed, or asked for what is no name.');
  }
}

/** Whether text is the name of one entry of a directory, rather than a path or a way out of it. */
function isName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
}

/** One character per byte, so that comparing characters compares bytes. */
function byBytes(left: string, right: string): number {
  return left < right ? -1 : 1;
}

function unlessGone<Value>(call: () => Value, ...more: readonly string[]): Value | undefined {
  try {
    return call();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (gone.has(code) || more.includes(code)) return undefined;
    throw error;
  }
}
