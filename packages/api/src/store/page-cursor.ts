import { BoatLoadError } from '@boatload/contract';

/** The place of a container in the list: newest first, ids decide among those of one moment. */
export interface PagePlace {
  readonly createdAt: string;
  readonly id: string;
}

/** A place as text that fits into a URL. */
export function encodeCursor(place: PagePlace): string {
  return Buffer.from(`${place.createdAt} ${place.id}`).toString('base64url');
}

/** @throws invalid_query when the text is no cursor of ours */
export function decodeCursor(cursor: string): PagePlace {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const [, createdAt, id] = /^(\d{4}-[0-9T:.-]+Z) ([0-9a-f]{32})$/.exec(text) ?? [];
  if (createdAt === undefined || id === undefined) {
    const message = '`after` is not from an earlier page; leave it out to begin with the newest.';
    throw new BoatLoadError('invalid_query', message, { field: 'after' });
  }
  return { createdAt, id };
}
