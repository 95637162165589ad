import { randomUUID } from 'node:crypto';
import { BoatLoadError, type CallOptions } from '@boatload/contract';
import {
  changesOf,
  createContainer,
  decodeTar,
  type Engine,
  getArchive,
  type Labels,
  removeContainer,
  statArchive,
} from '@boatload/engine';
import { type Owner, parseNumericOwner, resolveOwner } from './resolve-owner.ts';

/** A container that was created and not started, and the image that it shows. */
export interface FreshContainer {
  readonly id: string;
  readonly image: string;
  /** The image's id: what it is, whatever its name will mean tomorrow. */
  readonly imageId: string;
}

/** An image by the name that people use, and by its id. */
export interface NamedImage {
  readonly name: string;
  readonly id: string;
}

/** A user database has a few KiB; more than this is none, and is not read. */
const mostDatabaseBytes = 4_194_304;
const mostFacts = 1_000;

/** Names of containers that are made only to look into an image begin like this. */
const lookName = 'boatload-look-';

/**
 * What staging has to know of an image, looked up through a container of it that was not started yet, and
 * remembered by the image's id: an image does not change.
 */
export class ImageFacts {
  readonly #engine: Engine;
  readonly #labels: Labels;
  readonly #known = new Map<string, Promise<unknown>>();
  readonly #looking = new Set<string>();

  /** @param labels of the containers that are made to look into images */
  constructor(engine: Engine, labels: Labels) {
    this.#engine = engine;
    this.#labels = labels;
  }

  /**
   * Whom the files of a container must belong to, of which only the image is there.
   * @throws user_not_found
   */
  async ownerOf(image: NamedImage, user: string, options: CallOptions = {}): Promise<Owner> {
    const numeric = parseNumericOwner(user);
    if (numeric !== undefined) return numeric;
    const look = async (container: string): Promise<Owner> =>
      resolveOwner(user, image.name, {
        passwd: await this.#readText(container, '/etc/passwd', options),
        group: await this.#readText(container, '/etc/group', options),
      });
    // The answer, not the image's whole list of users, which may be long.
    return await this.#remember(`${image.id} owner ${user}`, () => this.#lookInto(image, look));
  }

  /** Whether a container was made to look into an image, by a satellite that is no more. */
  isLeftover(name: string): boolean {
    return name.startsWith(lookName) && !this.#looking.has(name);
  }

  /** Whether there is something at an absolute path. */
  async has(container: FreshContainer, path: string, options: CallOptions = {}): Promise<boolean> {
    return await this.#remember(`${container.imageId} has ${path}`, async () => {
      const found = await ifThere(statArchive(this.#engine, container.id, Buffer.from(path), options));
      return found !== undefined;
    });
  }

  /**
   * Paths that are in the container's own file system only because something is mounted at `mounts`. To be
   * asked once the mounts were filled and before anything ran.
   */
  async injectedBy(
    container: FreshContainer,
    mounts: readonly string[],
    options: CallOptions = {},
  ): Promise<readonly string[]> {
    if (mounts.length === 0) return [];
    return await this.#remember(`${container.imageId} injected ${mounts.join('\0')}`, async () => {
      const changes = await changesOf(this.#engine, container.id, options);
      return changes.filter(({ kind }) => kind === 'added').map(({ path }) => path);
    });
  }

  /** A failed look-up is forgotten, so that the next one asks again. */
  #remember<Fact>(key: string, look: () => Promise<Fact>): Promise<Fact> {
    // A validated edge: a key names the kind of its fact, and is only ever used with that kind.
    const known = this.#known.get(key) as Promise<Fact> | undefined;
    if (known !== undefined) return known.catch(() => look());
    const fact = look();
    this.#known.set(key, fact);
    fact.catch(() => this.#known.delete(key));
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostFacts && oldest !== undefined) this.#known.delete(oldest);
    return fact;
  }

  /** Made and removed without the caller's signal: an Engine that is left alone with a request carries it out later. */
  async #lookInto<Fact>(image: NamedImage, look: (container: string) => Promise<Fact>): Promise<Fact> {
    const name = `${lookName}${randomUUID()}`;
    this.#looking.add(name);
    try {
      const creation = { Image: image.id, Cmd: ['none'], Labels: this.#labels };
      const id = await createContainer(this.#engine, name, { creation });
      return await look(id).finally(() => removeContainer(this.#engine, id));
    } finally {
      this.#looking.delete(name);
    }
  }

  async #readText(id: string, path: string, options: CallOptions): Promise<string> {
    const there = await ifThere(statArchive(this.#engine, id, Buffer.from(path), options));
    if (there === undefined) return '';
    const target = there.type === 'symlink' ? (there.linkTarget ?? path) : path;
    const archive = await ifThere(getArchive(this.#engine, id, Buffer.from(target), options));
    if (archive === undefined) return '';
    for await (const entry of decodeTar(archive)) {
      // The image's maker chose what is there: it may be a directory of any size.
      if (entry.type !== 'file' || entry.size > mostDatabaseBytes) return '';
      const chunks: Buffer[] = [];
      for await (const chunk of entry.body) chunks.push(Buffer.from(chunk));
      return Buffer.concat(chunks).toString('utf8');
    }
    return '';
  }
}

async function ifThere<Value>(call: Promise<Value>): Promise<Value | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof BoatLoadError && error.code === 'file_not_found') return undefined;
    throw error;
  }
}
