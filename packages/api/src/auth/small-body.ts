import { BoatLoadError, type Credentials, type Token } from '@boatload/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** A log-in is small; more is refused before it is read whole. */
const bodyLimit = 64 * 1024;

/** Lets the routes of `app` take JSON, forms and multipart alike, as REST framework does. */
export function acceptSmallBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit },
    async (_request: FastifyRequest, body: string) => parseJson(body),
  );
  app.addContentTypeParser(
    ['application/x-www-form-urlencoded', 'multipart/form-data'],
    { parseAs: 'buffer', bodyLimit },
    async (request: FastifyRequest, body: Buffer) => parseForm(body, request.headers['content-type'] ?? ''),
  );
}

/**
 * Username and password of a body, checked and worded as by REST framework.
 * @throws invalid_field with every field at fault
 */
export function readCredentials(body: unknown): Credentials {
  const reader = new FieldReader(body);
  const credentials = { username: reader.string('username').trim(), password: reader.string('password') };
  reader.finish();
  return credentials;
}

/**
 * The token in a body.
 * @throws invalid_field
 */
export function readToken(body: unknown): Token {
  const reader = new FieldReader(body);
  const token = { token: reader.string('token').trim() };
  reader.finish();
  return token;
}

/** A text field of a form, or undefined. */
export function readText(body: unknown, name: string): string | undefined {
  const value = isRecord(body) && Object.hasOwn(body, name) ? body[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    // Not the parser's own sentence: it quotes the body, and with it perhaps a password.
    throw new BoatLoadError('bad_json', 'JSON parse error: the body is not valid JSON. Check quotes and commas.', {
      cause: cause instanceof Error ? cause.name : cause,
    });
  }
}

async function parseForm(body: Buffer, contentType: string): Promise<unknown> {
  try {
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': contentType },
    }).formData();
    return Object.fromEntries(form.entries());
  } catch (cause) {
    throw new BoatLoadError(
      'bad_multipart',
      'The form cannot be read: check that its parts are complete and that Content-Type names their boundary.',
      { cause },
    );
  }
}

/** Reads fields and collects what is wrong with them, in REST framework's sentences. */
class FieldReader {
  readonly #body: Readonly<Record<string, unknown>>;
  readonly #faults: Record<string, readonly string[]> = {};

  constructor(body: unknown) {
    const given = body ?? {};
    if (!isRecord(given)) {
      const kind = Array.isArray(given) ? 'list' : typeof given;
      throw new BoatLoadError('invalid_field', `Invalid data. Expected a dictionary, but got ${kind}.`);
    }
    this.#body = given;
  }

  string(name: string): string {
    const value = Object.hasOwn(this.#body, name) ? this.#body[name] : undefined;
    if (typeof value === 'number') return String(value);
    if (typeof value === 'string' && value.trim() !== '') return value;
    this.#faults[name] = [describeFault(value)];
    return '';
  }

  finish(): void {
    const [first] = Object.entries(this.#faults);
    if (first === undefined) return;
    const [field, [sentence]] = first;
    throw new BoatLoadError('invalid_field', `${field}: ${sentence}`, { field, fields: this.#faults });
  }
}

function describeFault(value: unknown): string {
  if (value === undefined) return 'This field is required.';
  if (value === null) return 'This field may not be null.';
  return typeof value === 'string' ? 'This field may not be blank.' : 'Not a valid string.';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
