import { BoatLoadError, type ContainerSpec, type Source } from '@boatload/contract';
import type { FetchedPart } from '../../store/records.ts';
import type { SubmitRequest, UploadedFile } from './request.ts';

/**
 * Refuses two origins for one thing.
 * @throws conflicting_fields
 */
export function refuseConflicts(request: SubmitRequest): void {
  const { fields, files } = request;
  const scripts = [fields.script, files.script, fields.scripturl].filter((origin) => origin !== undefined);
  if (scripts.length > 1) throw conflict('script', 'scripturl');
  if (files.data !== undefined && fields.dataurl !== undefined) throw conflict('data', 'dataurl');
  if (fields.data !== undefined) {
    throw new BoatLoadError('invalid_field', 'data must be a file of a multipart form; for a URL use dataurl.', {
      field: 'data',
    });
  }
}

/**
 * Refuses what is said of a script or data that are not there.
 * @throws invalid_field
 */
export function refusePointless(spec: ContainerSpec, files: SubmitRequest['files']): void {
  const script = files.script ?? spec.scripturl;
  const data = files.data ?? spec.dataurl;
  const without = 'is given, but there are no data: send data or dataurl with it, or leave it out.';
  if (spec.script_sha256 !== undefined && script === undefined) {
    const text = 'script_sha256 is given, but there is no script: send script or scripturl with it, or leave it out.';
    throw new BoatLoadError('invalid_field', text, { field: 'script_sha256' });
  }
  for (const field of ['data_sha256', 'unpack'] as const) {
    if (spec[field] !== undefined && data === undefined)
      throw new BoatLoadError('invalid_field', `${field} ${without}`, { field });
  }
  if (spec.fetch === 'api' && spec.scripturl === undefined && spec.dataurl === undefined) {
    const text = 'fetch is "api", but there is nothing to fetch: send scripturl or dataurl with it, or leave it out.';
    throw new BoatLoadError('invalid_field', text, { field: 'fetch' });
  }
}

/**
 * Where a script or data come from, if there are any.
 * @throws invalid_field where an upload has another SHA-256 than it must have
 */
export function sourceOf(
  part: FetchedPart,
  { file, url, sha256 }: { file: UploadedFile | undefined; url: string | undefined; sha256: string | undefined },
): Source | undefined {
  const expected = sha256?.toLowerCase();
  if (file !== undefined) {
    const { digest, size } = file.lease;
    if (expected !== undefined && expected !== digest) throw mismatch(part, expected, digest);
    return { kind: 'blob', digest, size };
  }
  if (url === undefined) return undefined;
  return { kind: 'url', url, ...(expected === undefined ? {} : { sha256: expected }) };
}

function conflict(field: string, other: string): BoatLoadError {
  return new BoatLoadError('conflicting_fields', `Give ${field} once: either ${field} or ${other}, not both.`, {
    field,
  });
}

function mismatch(part: FetchedPart, expected: string, found: string): BoatLoadError {
  const field = `${part}_sha256`;
  const text = `${field} is ${expected}, but the ${part} that came has ${found}: send it again, or correct ${field}.`;
  return new BoatLoadError('invalid_field', text, { field });
}
