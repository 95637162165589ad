import { BoatLoadError } from '@boatload/contract';
import type { Multipart, MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { BlobStore } from '../../blobs/blob-store.ts';
import type { ServiceLimits } from '../../config.ts';
import type { SubmitRequest, UploadedFile } from './request.ts';

export interface ReadOptions {
  readonly blobs: BlobStore;
  readonly limits: ServiceLimits;
  readonly signal: AbortSignal;
}

/**
 * Reads a submission in any of its forms: JSON, a url-encoded form, or multipart, whose files are streamed to
 * the blob store while they arrive. If it throws, nothing of the files is kept.
 * @throws bad_json, bad_multipart, body_too_large, script_too_large, conflicting_fields, invalid_field, unknown_field
 */
export async function readSubmitRequest(request: FastifyRequest, options: ReadOptions): Promise<SubmitRequest> {
  if (request.isMultipart()) return readMultipart(request, options);
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new BoatLoadError('bad_json', 'The body must be a JSON object, like {"image_name": "python"}.');
  }
  refuseFlood(body);
  const textual = /^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '');
  const { script, ...fields }: Record<string, unknown> = { ...body };
  if (isAbsent(script)) return { fields, textual, files: {} };
  // Where "+" was sent as it is, as by `curl -d`, a form's parser has made a space of it.
  const text = textual && typeof script === 'string' ? script.replaceAll(' ', '+') : script;
  return { fields, textual, files: { script: await storeInlineScript(text, options) } };
}

/** Most bytes of what is not a file: base64 makes four of three; the other fields have limits of their own below this. */
export function textLimitOf({ scriptBytes }: ServiceLimits): number {
  return Math.ceil((scriptBytes * 4) / 3) + 4 * 1024 ** 2;
}

/** null and "" mean absent. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** As many as a form may have; there are far fewer that we know. */
const mostFields = 200;

/** A warning for each of a million unknown fields would be work for many seconds, and would be kept. */
function refuseFlood(body: object): void {
  const count = Object.keys(body).length;
  if (count <= mostFields) return;
  throw new BoatLoadError(
    'unknown_field',
    `The body has ${count} fields, of which at most ${mostFields} are read: send those that are listed at /docs.`,
  );
}

/** Gives the files of a submission free: what no container refers to is then deleted. */
export async function releaseFiles(files: SubmitRequest['files']): Promise<void> {
  await Promise.all([files.script?.lease.release(), files.data?.lease.release()]);
}

/** What was read of a form so far. */
interface Form {
  readonly fields: Record<string, unknown>;
  readonly files: { script?: UploadedFile; data?: UploadedFile };
  /** Characters that its text fields may still have together. */
  textLeft: number;
}

async function readMultipart(request: FastifyRequest, options: ReadOptions): Promise<SubmitRequest> {
  const form: Form = { fields: {}, files: {}, textLeft: textLimitOf(options.limits) };
  const { files } = form;
  try {
    for await (const part of request.parts()) await takePart(part, form, options);
    const { script, ...fields } = form.fields;
    if (isAbsent(script)) return { fields, textual: true, files };
    if (files.script !== undefined) throw givenTwice('script');
    return { fields, textual: true, files: { ...files, script: await storeInlineScript(script, options) } };
  } catch (error) {
    await releaseFiles(files);
    throw error;
  }
}

async function takePart(part: Multipart, form: Form, options: ReadOptions): Promise<void> {
  if (part.type === 'field') {
    form.textLeft -= typeof part.value === 'string' ? part.value.length : JSON.stringify(part.value).length;
    if (part.valueTruncated || form.textLeft < 0) throw tooMuchText(part.fieldname);
    form.fields[part.fieldname] = part.value;
  } else if (isFileField(part.fieldname)) {
    await keepFile(part, form.files, options);
  } else {
    // Nobody reads it, but the parts behind it only come once it is gone.
    part.file.resume();
    form.fields[part.fieldname] = unreadFile;
  }
}

/** What stands for a file that no field takes: a known field refuses it, an unknown one is warned of. */
const unreadFile = { file: 'not read' };

function isFileField(name: string): boolean {
  return name === 'script' || name === 'data';
}

async function keepFile(
  part: MultipartFile,
  files: { script?: UploadedFile; data?: UploadedFile },
  { blobs, limits, signal }: ReadOptions,
): Promise<void> {
  const field = part.fieldname === 'script' ? 'script' : 'data';
  if (files[field] !== undefined) throw givenTwice(field);
  const limitBytes = field === 'script' ? limits.scriptBytes : limits.dataBytes;
  const lease = await blobs.write(part.file, { limitBytes, signal }).catch((cause) => {
    throw tooLarge(cause, field, limitBytes);
  });
  // Against its type, the parser gives none where the part names none.
  const fileName = part.filename ?? '';
  if (fileName === '' && lease.size === 0) await lease.release();
  else files[field] = { lease, fileName };
}

async function storeInlineScript(script: unknown, { blobs, limits, signal }: ReadOptions): Promise<UploadedFile> {
  if (typeof script !== 'string' || !isBase64(script)) {
    throw new BoatLoadError('invalid_field', 'script is not base64: encode it with `base64 -w0 FILE`.', {
      field: 'script',
    });
  }
  const bytes = Buffer.from(script, 'base64');
  const limitBytes = limits.scriptBytes;
  const lease = await blobs.write(oneChunk(bytes), { limitBytes, signal }).catch((cause) => {
    throw tooLarge(cause, 'script', limitBytes);
  });
  return { lease, fileName: '' };
}

function isBase64(text: string): boolean {
  // No character can be matched by two parts of the pattern: it takes as long as the text is, whatever it is.
  if (!/^[A-Za-z0-9+/\s_-]*(?:=\s*){0,2}$/.test(text)) return false;
  // One character beyond groups of four makes no byte: the text was cut off.
  return text.replaceAll(/[\s=]/g, '').length % 4 !== 1;
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function tooLarge(cause: unknown, field: 'script' | 'data', limitBytes: number): unknown {
  if (!(cause instanceof BoatLoadError) || cause.code !== 'body_too_large') return cause;
  const code = field === 'script' ? 'script_too_large' : 'body_too_large';
  const limit = `${(limitBytes / 1024 ** 2).toFixed(0)} MiB`;
  return new BoatLoadError(code, `${field} is larger than the ${limit} that this service accepts.`, { field, cause });
}

function tooMuchText(field: string): BoatLoadError {
  const text = `The form has too much text, at the latest in "${field}": send script and data as its files.`;
  return new BoatLoadError('body_too_large', text);
}

function givenTwice(field: string): BoatLoadError {
  return new BoatLoadError('conflicting_fields', `${field} was given twice: send it once.`, { field });
}
