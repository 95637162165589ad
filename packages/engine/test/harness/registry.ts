import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { encodeTarHeader, tarEnd, tarPadding } from '../../src/index.ts';

export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:port`, which Engines trust without TLS. */
  readonly host: string;
  /** How often a tag was resolved, which every pull begins with. */
  readonly pulls: () => number;
}

export interface RegistryOptions {
  /** Whether the log-in user:secret is needed. Default false. */
  readonly login?: boolean;
  /** No layer is sent before this is fulfilled. Default: at once. */
  readonly hold?: Promise<void>;
}

interface Blob {
  readonly bytes: Buffer;
  readonly type: string;
}

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';

/**
 * A registry of one image, `any/name:tag`, with one small layer, by the OCI distribution specification 1.1 (a
 * public registry may be out of reach). Names below `none/` do not exist.
 */
export async function openRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const { manifest, blobs } = makeImage();
  let pulls = 0;
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    if (options.login === true && !isLoggedIn(request)) return unauthorized(response);
    if (path.startsWith('/v2/none/')) return fail(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    if (path.includes('/manifests/')) {
      if (request.method === 'HEAD') pulls += 1;
      return send(request, response, { bytes: manifest, type: manifestType });
    }
    const blob = blobs.get(path.split('/blobs/')[1] ?? '');
    if (blob === undefined) return response.end('{}');
    await options.hold;
    return send(request, response, blob);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A validated edge: a server that listens on TCP has this kind of address.
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    pulls: () => pulls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function makeImage() {
  const content = Buffer.from(`unique ${process.hrtime.bigint()} ${'x'.repeat(5_000)}`);
  const header = { type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: new Date(0), size: content.length } as const;
  const tar = Buffer.concat([
    encodeTarHeader({ ...header, path: Buffer.from('file') }),
    content,
    tarPadding(content.length),
    tarEnd,
  ]);
  const layer = gzipSync(tar);
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
  const config = Buffer.from(JSON.stringify({ architecture: goArchitecture(), os: 'linux', config: {}, rootfs }));
  const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: {
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: config.length,
      digest: digestOf(config),
    },
    layers: [{ mediaType: layerType, size: layer.length, digest: digestOf(layer) }],
  };
  const type = 'application/octet-stream';
  const blobs = new Map<string, Blob>([config, layer].map((bytes) => [digestOf(bytes), { bytes, type }]));
  return { manifest: Buffer.from(JSON.stringify(manifest)), blobs };
}

function goArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function isLoggedIn(request: IncomingMessage): boolean {
  return request.headers.authorization === `Basic ${Buffer.from('user:secret').toString('base64')}`;
}

function unauthorized(response: ServerResponse): void {
  response.setHeader('WWW-Authenticate', 'Basic realm="test"');
  fail(response, 401, 'UNAUTHORIZED', 'authentication required');
}

function fail(response: ServerResponse, status: number, code: string, message: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ errors: [{ code, message }] }));
}

function send(request: IncomingMessage, response: ServerResponse, { bytes, type }: Blob): void {
  const headers = { 'content-type': type, 'content-length': bytes.length, 'docker-content-digest': digestOf(bytes) };
  response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : bytes);
}
