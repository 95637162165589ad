import { join } from 'node:path';
import type { Container } from '@boatload/contract';
import { expect } from 'vitest';
import { type Client, sampleImage } from '../../harness/client.ts';
import { filesBelow } from '../../harness/files-below.ts';
import type { SuiteParts } from '../../harness/suite.ts';

/** What the tests of bad input share. */
export interface BadInputParts extends SuiteParts {
  /** Somebody else, who is no admin. */
  readonly other: Client;
}

export type Parts = () => BadInputParts;

/** Submits JSON as it is; the image is the sample unless the fields say otherwise. */
export function submitJson(client: Client, fields: Record<string, unknown>, query = ''): Promise<Response> {
  return submitBody(client, JSON.stringify({ ...sampleImage, ...fields }), { query });
}

/** Submits a body as it is. */
export function submitBody(
  client: Client,
  body: NonNullable<RequestInit['body']>,
  { type = 'application/json', query = '' }: { type?: string; query?: string } = {},
): Promise<Response> {
  const headers = type === '' ? {} : { 'content-type': type };
  return client.call(`/v1/container/${query}`, { method: 'POST', headers, body });
}

/** Promises that what was refused is not kept: no row, no upload, nothing on its way to a node. */
export async function expectNothingKept({ client, service }: BadInputParts): Promise<void> {
  const list = await client.call('/v1/container/?limit=1');
  expect(await list.text()).toBe('[]');
  expect(list.headers.get('x-total-count')).toBe('0');
  expect(await filesBelow(join(service.dataDir, 'blobs'))).toEqual([]);
  expect(await filesBelow(join(service.dataDir, 'satellite'))).toEqual([]);
}

/** Removes what was accepted against a test's promise, so that the next test begins with nothing. */
export async function removeAll({ client }: BadInputParts): Promise<void> {
  const accepted = await client.json<Container[]>('/v1/container/');
  await Promise.all(accepted.map(({ id }) => client.remove(id)));
}
