import { createHash } from 'node:crypto';
import { BoatLoadError, type CallOptions, type RegistryAuth } from '@boatload/contract';
import type { Engine } from './connect.ts';
import { unlessGone } from './containers.ts';
import { refusalOf } from './errors.ts';
import { member, numberMember, textListMember, textMember } from './json-fields.ts';
import { readJsonLines } from './json-lines.ts';
import { imageNotFound } from './start-failures.ts';

export interface ImageInspection {
  readonly id: string;
  /** As the image says it: `user`, `uid`, `user:group`, or empty. */
  readonly user: string;
  readonly workdir: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** Paths that the image declares as volumes. */
  readonly volumes: readonly string[];
}

/** Bytes over all layers; `total` grows while layers are discovered and is absent before the first. */
export interface PullProgress {
  readonly done: number;
  readonly total?: number;
}

export interface PullOptions extends CallOptions {
  readonly auth?: RegistryAuth;
  readonly onProgress?: (progress: PullProgress) => void;
}

/** What the Engine has of an image; undefined if it has none. */
export async function inspectImage(
  engine: Engine,
  image: string,
  options: CallOptions = {},
): Promise<ImageInspection | undefined> {
  // An image's name has slashes, which belong to the path as they are.
  const path = `/images/${image.split('/').map(encodeURIComponent).join('/')}/json`;
  const found = await unlessGone(engine.json({ method: 'GET', path, signal: options.signal }));
  if (found === undefined) return undefined;
  const config = member(found, 'Config');
  return {
    id: textMember(found, 'Id'),
    user: textMember(config, 'User'),
    workdir: textMember(config, 'WorkingDir'),
    entrypoint: textListMember(config, 'Entrypoint'),
    command: textListMember(config, 'Cmd'),
    volumes: Object.keys(member(config, 'Volumes') ?? {}),
  };
}

/**
 * Pulls an image.
 * @throws image_not_found, image_denied, image_pull_failed, engine_unavailable
 */
export async function pullImage(engine: Engine, image: string, options: PullOptions = {}): Promise<void> {
  const { name, tag } = splitReference(image);
  const layers = new Map<string, { done: number; total: number }>();
  try {
    const response = await engine.request({
      method: 'POST',
      path: '/images/create',
      query: { fromImage: name, tag },
      ...(options.auth === undefined ? {} : { headers: { 'X-Registry-Auth': encodeAuth(options.auth) } }),
      signal: options.signal,
    });
    for await (const message of readJsonLines(response)) {
      const fault = textMember(message, 'error');
      if (fault !== '') throw convertPullFailure(image, fault);
      if (noteProgress(layers, message)) options.onProgress?.(sumOf(layers));
    }
  } catch (error) {
    const refusal = refusalOf(error);
    throw refusal === undefined ? error : convertPullFailure(image, refusal.reason);
  }
}

/**
 * Makes an image of one layer from a tar of its files; without any it is an image in which nothing can run.
 * @returns the image's reference
 */
export async function importImage(
  engine: Engine,
  name: string,
  options: CallOptions & { readonly bytes: AsyncIterable<Uint8Array> },
): Promise<string> {
  const { bytes: body, signal } = options;
  const query = { fromSrc: '-', repo: name };
  const response = await engine.request({ method: 'POST', path: '/images/create', query, body, signal });
  for await (const message of readJsonLines(response)) {
    const fault = textMember(message, 'error');
    if (fault !== '') throw new BoatLoadError('engine_error', `The Engine did not take the image ${name}: ${fault}.`);
  }
  return `${name}:latest`;
}

/** Which pulls are one: those of the same image with the same log-in. */
export function pullKey(image: string, auth: RegistryAuth | undefined): string {
  const digest = createHash('sha256').update(JSON.stringify(auth ?? null));
  return `${image} ${digest.digest('hex')}`;
}

/** Splits `name:tag` or `name@sha256:…`; without either the tag is `latest`, never all tags. */
export function splitReference(image: string): { readonly name: string; readonly tag: string } {
  const at = image.indexOf('@');
  if (at !== -1) return { name: image.slice(0, at).replace(/:[^/]*$/, ''), tag: image.slice(at + 1) };
  const colon = image.lastIndexOf(':');
  if (colon > image.lastIndexOf('/')) return { name: image.slice(0, colon), tag: image.slice(colon + 1) };
  return { name: image, tag: 'latest' };
}

/** The Engine takes a value that it cannot decode for none: URL-safe base64, and with its padding. */
function encodeAuth(auth: RegistryAuth): string {
  const plain = Buffer.from(JSON.stringify(auth)).toString('base64');
  return plain.replaceAll('+', '-').replaceAll('/', '_');
}

function noteProgress(layers: Map<string, { done: number; total: number }>, message: unknown): boolean {
  const id = textMember(message, 'id');
  const known = layers.get(id);
  const status = textMember(message, 'status');
  const detail = member(message, 'progressDetail');
  if (status === 'Downloading' && numberMember(detail, 'total') > 0) {
    layers.set(id, { done: numberMember(detail, 'current'), total: numberMember(detail, 'total') });
    return true;
  }
  if (known === undefined || known.done === known.total || !/^(?:Download|Pull) complete/.test(status)) return false;
  layers.set(id, { done: known.total, total: known.total });
  return true;
}

function sumOf(layers: ReadonlyMap<string, { done: number; total: number }>): PullProgress {
  let done = 0;
  let total = 0;
  for (const layer of layers.values()) {
    done += layer.done;
    total += layer.total;
  }
  return { done, total };
}

/** Registries answer «denied» also for what does not exist, so that nobody learns which names do. */
function convertPullFailure(image: string, reason: string): BoatLoadError {
  const said = `The registry said: ${reason.trim().replace(/\.$/, '')}.`;
  if (/unauthorized|authentication required|no basic auth|incorrect username/i.test(reason)) {
    return new BoatLoadError(
      'image_denied',
      `The registry refused access to the image ${image}: check the log-in in registry_auth. ${said}`,
    );
  }
  if (/manifest unknown|not found|does not exist|repository name not known|no matching manifest/i.test(reason)) {
    return imageNotFound(image, `Check its name and tag; a private image needs a log-in. ${said}`);
  }
  if (/denied|forbidden/i.test(reason)) {
    return new BoatLoadError(
      'image_denied',
      `The registry refused access to the image ${image}: give a log-in that may read it (registry_auth). ${said}`,
    );
  }
  return new BoatLoadError(
    'image_pull_failed',
    `The image ${image} could not be pulled: ${reason}. Check that the node reaches the registry; it is tried again if retries are left.`,
  );
}
