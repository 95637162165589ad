import type { LibC } from './libc.ts';
import { OpenDirectory } from './open-directory.ts';

/** How many directories, the deepest, are kept open besides the root: a program may nest any number of them. */
const mostOpen = 32;

interface Step {
  readonly name: string;
  directory: OpenDirectory | undefined;
}

/**
 * The way from the root of a tree down to one of its directories, which a walk goes up and down. What was closed
 * meanwhile because the way became long is opened again from the root, name by name.
 */
export class DirectoryChain implements Disposable {
  readonly #root: OpenDirectory;
  /** Of these those from the shallowest to some depth are open. */
  readonly #way: Step[] = [];
  #shallowest = 0;

  private constructor(root: OpenDirectory) {
    this.#root = root;
  }

  /** Starts at the root; undefined if there is no such directory. Takes what
   * `OpenDirectory.open` takes. */
  static open(root: string, libc?: LibC): DirectoryChain | undefined {
    const directory = OpenDirectory.open(root, libc);
    return directory === undefined ? undefined : new DirectoryChain(directory);
  }

  /** The directory that was entered last, until the next step; undefined if it is gone. */
  get current(): OpenDirectory | undefined {
    const deepest = this.#way.findLastIndex(({ directory }) => directory !== undefined);
    if (deepest < 0) this.#shallowest = 0;
    let current = this.#way[deepest]?.directory ?? this.#root;
    for (let at = deepest + 1; at < this.#way.length; at += 1) {
      const next = this.#openStep(at, current);
      if (next === undefined) return undefined;
      current = next;
    }
    return current;
  }

  /** @returns whether there is such a directory; if not, nothing was entered */
  enter(name: string): boolean {
    const { current } = this;
    if (current === undefined) return false;
    this.#way.push({ name, directory: undefined });
    if (this.#openStep(this.#way.length - 1, current) !== undefined) return true;
    this.#way.pop();
    return false;
  }

  /** Goes back to the directory from which the current one was entered. */
  leave(): void {
    this.#way.pop()?.directory?.close();
    this.#shallowest = Math.min(this.#shallowest, this.#way.length);
  }

  /** May be repeated. */
  close(): void {
    for (const { directory } of this.#way.splice(0)) directory?.close();
    this.#root.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Opens a step of the way, and closes the shallowest where that makes too many. */
  #openStep(at: number, parent: OpenDirectory): OpenDirectory | undefined {
    const step = this.#way[at];
    if (step === undefined) return undefined;
    step.directory = parent.openChild(step.name);
    const surplus = at - this.#shallowest >= mostOpen ? this.#way[this.#shallowest] : undefined;
    if (step.directory === undefined || surplus === undefined) return step.directory;
    surplus.directory?.close();
    surplus.directory = undefined;
    this.#shallowest += 1;
    return step.directory;
  }
}
