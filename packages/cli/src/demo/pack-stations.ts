import { createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { ZipFile } from 'yazl';

const folder = fileURLToPath(new URL('../../demo/', import.meta.url));

/** The script that the demo submits. */
export const demoScript = join(folder, 'summarise.mjs');

/**
 * Packs the demo's measurements, as a user packs the data of an experiment.
 * @param file the zip to write
 */
export async function packStations(file: string): Promise<void> {
  const zip = new ZipFile();
  const stations = join(folder, 'stations');
  for (const name of (await readdir(stations)).sort()) zip.addFile(join(stations, name), name);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}
