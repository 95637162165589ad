import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { BoatLoadError } from '@boatload/contract';

/**
 * What an archive holds, as this machine's tar lists it. The listing of the demo's archive is short.
 * @throws internal when tar cannot read it
 */
export async function listArchive(archive: Readable): Promise<string> {
  // In the C locale tar would write the name of Tromsø in octal.
  const tar = spawn('tar', ['-tf', '-'], {
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [listing, [code]] = await Promise.all([text(tar.stdout), once(tar, 'close'), pipeline(archive, tar.stdin)]);
  if (code !== 0) throw new BoatLoadError('internal', `tar could not list the archive: it ended with ${code}.`);
  return listing;
}
