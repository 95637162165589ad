import type { CallOptions } from '@boatload/contract';
import type { Engine } from './connect.ts';
import { type Labels, labelFilter, unlessGone } from './containers.ts';
import { listMember, textMember, textsMember } from './json-fields.ts';

export interface VolumeListed {
  readonly name: string;
  readonly labels: Labels;
}

/** Every volume that carries all the labels. */
export async function listVolumes(
  engine: Engine,
  labels: Labels,
  options: CallOptions = {},
): Promise<readonly VolumeListed[]> {
  const query = { filters: labelFilter(labels) };
  const found = await engine.json({ method: 'GET', path: '/volumes', query, signal: options.signal });
  return listMember(found, 'Volumes').map((item) => ({
    name: textMember(item, 'Name'),
    labels: textsMember(item, 'Labels'),
  }));
}

/** Removes a volume; nothing happens if it does not exist. @throws engine_error (409) while a container uses it */
export async function removeVolume(engine: Engine, name: string, options: CallOptions = {}): Promise<void> {
  const path = `/volumes/${encodeURIComponent(name)}`;
  await unlessGone(engine.json({ method: 'DELETE', path, query: { force: true }, signal: options.signal }));
}
