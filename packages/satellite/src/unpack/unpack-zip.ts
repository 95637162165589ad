import { BoatLoadError } from '@boatload/contract';
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from 'yauzl';
import type { AdmittedEntry, ArchiveGuard } from './archive-guard.ts';
import { broken, unsafe } from './entry-path.ts';
import { emptyBody, stagedDirectory } from './staged-directory.ts';
import type { StagedEntry } from './staged-entry.ts';
import type { UnpackOptions } from './unpack-archive.ts';

/**
 * The entries of a zip archive, as the guard lets them through; symbolic links are refused.
 * @throws archive_unsafe, archive_too_large, archive_invalid
 */
export async function* unpackZip(
  file: string,
  guard: ArchiveGuard,
  options: UnpackOptions = {},
): AsyncGenerator<StagedEntry, void, undefined> {
  // Names are decoded here: the library would refuse some that are harmless on Linux, and lose bytes of others.
  const zip = await openPromise(file, { decodeStrings: false, autoClose: false }).catch(rethrowBroken);
  try {
    yield* unpackEntries(zip, guard, options);
  } finally {
    zip.close();
  }
}

async function* unpackEntries(
  zip: ZipFile,
  guard: ArchiveGuard,
  { onBytes, signal }: UnpackOptions,
): AsyncGenerator<StagedEntry, void, undefined> {
  const entries = zip.eachEntry();
  for (;;) {
    signal?.throwIfAborted();
    const next = await entries.next().catch(rethrowBroken);
    if (next.done === true) return;
    const entry = next.value;
    const name = nameOf(entry);
    const type = typeOf(entry, name);
    const admitted = guard.admit({ name, type, size: entry.uncompressedSize });
    if (admitted === undefined) continue;
    for (const path of admitted.missing) yield stagedDirectory(path, modifiedAt(entry));
    yield stagedEntry(zip, entry, admitted);
    onBytes?.(entry.compressedSize);
  }
}

function stagedEntry(zip: ZipFile, entry: Entry, admitted: AdmittedEntry): StagedEntry {
  const isFile = admitted.type === 'file';
  return {
    path: admitted.path,
    type: admitted.type,
    mode: unixMode(entry) & 0o777 || (isFile ? 0o644 : 0o755),
    size: isFile ? entry.uncompressedSize : 0,
    mtime: modifiedAt(entry),
    body: isFile ? contentOf(zip, entry, admitted.path) : emptyBody(),
  };
}

/** The library sees to it that neither more nor less comes than the entry's size says. */
async function* contentOf(zip: ZipFile, entry: Entry, path: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  if (entry.isEncrypted()) throw broken(path, 'is encrypted: pack it without a password');
  if (!entry.canDecodeFileData()) {
    throw broken(path, `is compressed by method ${entry.compressionMethod}: pack it with the usual one, «deflate»`);
  }
  try {
    yield* await zip.openReadStreamPromise(entry);
  } catch (cause) {
    throw broken(
      path,
      `cannot be read (${cause instanceof Error ? cause.message : String(cause)}): pack it again`,
      cause,
    );
  }
}

/**
 * The name as bytes. Where neither the UTF-8 flag nor Info-ZIP's field says how it is encoded, archives from
 * Unix have the file system's bytes, all others the code page of DOS, with a backslash as an old .NET wrote it.
 */
function nameOf(entry: Entry): Buffer {
  const raw = entry.fileNameRaw;
  const declared = (entry.generalPurposeBitFlag & 0x800) !== 0 || entry.extraFields.some(({ id }) => id === 0x7075);
  if (madeOnUnix(entry) && !declared) return raw;
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, raw, entry.extraFields, true);
  if (madeOnUnix(entry)) return Buffer.from(name, 'utf8');
  if (/^[A-Za-z]:/.test(name)) throw unsafe(raw, 'is an absolute path of Windows');
  return Buffer.from(name.replaceAll('\\', '/'), 'utf8');
}

function typeOf(entry: Entry, name: Buffer): 'file' | 'directory' {
  const format = unixMode(entry) & 0o170000;
  if (format === 0o120000) throw unsafe(name, 'is a symbolic link, which is not taken from a zip (use tar)');
  if (format !== 0 && format !== 0o100000 && format !== 0o040000) {
    throw unsafe(name, 'is neither a file nor a directory');
  }
  const isDirectory = name.at(-1) === 0x2f || format === 0o040000;
  return isDirectory ? 'directory' : 'file';
}

function madeOnUnix(entry: Entry): boolean {
  const system = entry.versionMadeBy >> 8;
  return system === 3 || system === 19;
}

function unixMode(entry: Entry): number {
  return madeOnUnix(entry) ? entry.externalFileAttributes >>> 16 : 0;
}

/** Times out of range, as some tools write, count as the time of staging. */
function modifiedAt(entry: Entry): Date {
  const at = entry.getLastModDate();
  return Number.isNaN(at.getTime()) ? new Date() : at;
}

function rethrowBroken(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new BoatLoadError('archive_invalid', `The zip archive cannot be read: ${reason}. Pack it again.`, {
    field: 'data',
    cause,
  });
}
