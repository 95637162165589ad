import { BoatLoadError } from '@boatload/contract';
import { type Engine, type PathStat, type ReadOptions, statArchive } from '@boatload/engine';
import { joinPath, type PathKey, parentOf, textToPathKey, toBytes, toPathKey, toText } from './container-path.ts';
import { readOne } from './read-tree.ts';

/** Something in a container that is no symbolic link, and what it is. */
export interface Located {
  readonly key: PathKey;
  readonly stat: PathStat;
}

/** As many links in a row as Linux follows. */
const mostLinks = 40;
const replacement = '\ufffd';

/**
 * Finds what a path leads to, symbolic links followed within the container, its volumes included.
 * @throws file_not_found with the reason: missing, a link into nothing, a circle of links
 */
export async function locate(
  engine: Engine,
  containerId: string,
  path: Uint8Array,
  options: ReadOptions,
): Promise<Located> {
  const key = toPathKey(path);
  const stat = await statArchive(engine, containerId, toBytes(key), options);
  if (stat.type !== 'symlink') return { key, stat };
  const target = stat.linkTarget;
  try {
    // The Engine resolves links itself, but names the result as text: other names are resolved step by step.
    if (target === undefined || target.includes(replacement)) return await walk(engine, containerId, key, options);
    const end = textToPathKey(target);
    const endStat = await statArchive(engine, containerId, toBytes(end), options);
    if (endStat.type === 'symlink') throw circle(key);
    return { key: end, stat: endStat };
  } catch (error) {
    throw error instanceof BoatLoadError && error.code === 'file_not_found' ? leadsNowhere(key, error) : error;
  }
}

async function walk(engine: Engine, containerId: string, key: PathKey, options: ReadOptions): Promise<Located> {
  let current: PathKey = '/';
  let pending = key.split('/');
  let stat = await statArchive(engine, containerId, toBytes(current), options);
  let links = 0;
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      current = parentOf(current);
      continue;
    }
    const next = joinPath(current, part);
    stat = await statArchive(engine, containerId, toBytes(next), options);
    if (stat.type !== 'symlink') {
      current = next;
      continue;
    }
    links += 1;
    if (links > mostLinks) throw circle(key);
    const target = await readLink(engine, containerId, next, options);
    if (target.startsWith('/')) current = '/';
    pending = [...target.split('/'), ...pending];
  }
  const end = stat.type === 'symlink' ? await statArchive(engine, containerId, toBytes(current), options) : stat;
  return { key: current, stat: end };
}

/** The target of a symbolic link, one character per byte. */
async function readLink(engine: Engine, containerId: string, key: PathKey, options: ReadOptions): Promise<string> {
  for await (const { entry } of readOne(engine, containerId, key, options)) {
    if (entry.linkPath !== undefined) return Buffer.from(entry.linkPath).toString('latin1');
  }
  throw new BoatLoadError('file_not_found', `«${toText(key)}» changed while it was read: read it again.`);
}

function circle(key: PathKey): BoatLoadError {
  return new BoatLoadError('file_not_found', `«${toText(key)}» is a symbolic link that leads in a circle.`);
}

function leadsNowhere(key: PathKey, cause: BoatLoadError): BoatLoadError {
  return new BoatLoadError('file_not_found', `«${toText(key)}» is a symbolic link. ${cause.message}`, { cause });
}
