import { BoatLoadError } from '@boatload/contract';
import { showUrl } from '../shown-url.ts';

export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

/**
 * Reads `s3://bucket/key`; the key is percent-encoded as in every URL.
 * @throws fetch_refused when the operator has not opened the place
 */
export function readS3Location(url: string, buckets: readonly string[]): S3Location {
  const [, bucket = '', path = ''] = /^s3:\/\/([^/?#@:]+)\/([^?#]+)$/i.exec(url) ?? [];
  const key = decode(path);
  // Some services keep objects as files: such a key could lead out of its prefix there.
  const isPlain = !key.split('/').some((part) => part === '.' || part === '..');
  if (bucket === '' || key === '' || !isPlain) {
    throw new BoatLoadError(
      'fetch_refused',
      `${showUrl(url)} does not name an object: write s3://bucket/key, without . or .. as a part; ? and # of a key as %3F and %23.`,
    );
  }
  if (buckets.some((allowed) => isWithin({ bucket, key }, allowed))) return { bucket, key };
  throw new BoatLoadError(
    'fetch_refused',
    `${showUrl(url)} is not fetched: the operator has not opened this bucket, or this part of it, to URLs. Ask for --fetch-s3 ${bucket}.`,
  );
}

function isWithin({ bucket, key }: S3Location, allowed: string): boolean {
  const [name = '', ...parts] = allowed.replace(/\/+$/, '').split('/');
  const prefix = parts.join('/');
  return name === bucket && (prefix === '' || key.startsWith(`${prefix}/`));
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
