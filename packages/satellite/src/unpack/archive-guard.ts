import { BoatLoadError } from '@boatload/contract';
import type { TarType } from '@boatload/engine';
import type { StagingLimits } from '../staging/limits.ts';
import { broken, checkSymlink, safeEntryPath, unsafe } from './entry-path.ts';

/** What an archive says of an entry. */
export interface ClaimedEntry {
  readonly name: Uint8Array;
  readonly type: TarType;
  readonly size: number;
  readonly linkPath?: Uint8Array;
}

export interface AdmittedEntry {
  readonly path: Buffer;
  readonly type: 'file' | 'directory' | 'symlink' | 'link';
  readonly linkPath?: Uint8Array;
  /** Directories above it that the archive did not name, from the top; they must be made first. */
  readonly missing: readonly Buffer[];
}

/** Bytes of name for each entry allowed, on an average: names are what is remembered of an archive. */
const nameBytesPerEntry = 256;

/**
 * Stands between an archive and the container and lets only harmless entries through, one by one. It remembers
 * the directories and symbolic links of the archive, because a later entry must not lie below a link; their
 * number is limited with that of all entries.
 */
export class ArchiveGuard {
  readonly #limits: StagingLimits;
  readonly #mostBytes: number;
  readonly #kinds = new Map<string, 'directory' | 'symlink'>();
  #entries = 0;
  #nameBytes = 0;
  #bytes = 0;

  /** @param archiveBytes size of the archive itself */
  constructor(limits: StagingLimits, archiveBytes: number) {
    this.#limits = limits;
    this.#mostBytes = Math.min(limits.unpackedBytes, Math.max(limits.ratioFloor, limits.ratio * archiveBytes));
  }

  /**
   * Checks an entry; undefined if it is the target itself.
   * @throws archive_unsafe, archive_too_large, archive_invalid
   */
  admit(claimed: ClaimedEntry): AdmittedEntry | undefined {
    this.#count(claimed);
    const path = safeEntryPath(claimed.name);
    if (path === undefined) return undefined;
    const key = path.toString('latin1');
    const { type } = claimed;
    if (type === 'char' || type === 'block') throw unsafe(claimed.name, 'is a device');
    if (type === 'fifo') throw unsafe(claimed.name, 'is a named pipe');
    const missing = this.#parentsOf(key, claimed.name);
    this.#remember(key, type, claimed.name);
    if (type === 'file' || type === 'directory') return { path, type, missing };
    return { path, type, missing, linkPath: this.#checkLink(path, type, claimed) };
  }

  /**
   * Passes a decompressed stream through and stops it where it exceeds what the archive may unpack to: what
   * stands between and behind the entries counts too.
   */
  async *measure(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    let seen = 0;
    // Room for the headers of as many entries as are allowed.
    const most = this.#mostBytes + this.#limits.entries * 2_048;
    for await (const chunk of bytes) {
      seen += chunk.length;
      if (seen > most) throw this.#tooLarge(`more than ${most} bytes`);
      yield chunk;
    }
  }

  #count(claimed: ClaimedEntry): void {
    this.#entries += 1;
    this.#bytes += claimed.type === 'file' ? claimed.size : 0;
    if (this.#entries > this.#limits.entries) throw this.#tooLarge(`more than ${this.#limits.entries} entries`);
    this.#nameBytes += claimed.name.length;
    const mostNameBytes = this.#limits.entries * nameBytesPerEntry;
    if (this.#nameBytes > mostNameBytes) throw this.#tooLarge(`more than ${mostNameBytes} bytes of names`);
    if (this.#bytes > this.#mostBytes) throw this.#tooLarge(`more than ${this.#mostBytes} bytes`, claimed.name);
  }

  #parentsOf(key: string, name: Uint8Array): readonly Buffer[] {
    const missing: Buffer[] = [];
    for (let slash = key.indexOf('/'); slash !== -1; slash = key.indexOf('/', slash + 1)) {
      const parent = key.slice(0, slash);
      const kind = this.#kinds.get(parent);
      if (kind === 'symlink') throw unsafe(name, 'lies below a symbolic link of the same archive');
      if (kind === undefined) {
        this.#kinds.set(parent, 'directory');
        this.#nameBytes += parent.length;
        missing.push(Buffer.from(parent, 'latin1'));
      }
    }
    // Directories are entries too: an archive of few but very deep names is counted for what it makes.
    this.#entries += missing.length;
    return missing;
  }

  #remember(key: string, type: TarType, name: Uint8Array): void {
    const kind = this.#kinds.get(key);
    if (kind !== undefined && kind !== type) throw broken(name, `is there twice, once as a ${kind}`);
    if (type === 'directory' || type === 'symlink') this.#kinds.set(key, type);
  }

  #checkLink(path: Buffer, type: 'symlink' | 'link', claimed: ClaimedEntry): Uint8Array {
    const target = claimed.linkPath ?? new Uint8Array();
    if (type === 'symlink') {
      checkSymlink(path, target);
      return target;
    }
    const shared = safeEntryPath(target);
    if (shared === undefined) throw broken(claimed.name, 'is a hard link without a target');
    const key = shared.toString('latin1');
    if (this.#kinds.has(key)) throw unsafe(claimed.name, 'is a hard link to what is not a file');
    for (let slash = key.indexOf('/'); slash !== -1; slash = key.indexOf('/', slash + 1)) {
      if (this.#kinds.get(key.slice(0, slash)) !== 'directory') {
        throw unsafe(claimed.name, 'is a hard link to a file outside the archive');
      }
    }
    return shared;
  }

  #tooLarge(what: string, name?: Uint8Array): BoatLoadError {
    const where = name === undefined ? '' : ` (at its entry ${JSON.stringify(Buffer.from(name).toString('utf8'))})`;
    return new BoatLoadError(
      'archive_too_large',
      `The archive unpacks to ${what}${where}, which is over the limit: split it, or give the data another way.`,
      { field: 'data' },
    );
  }
}
