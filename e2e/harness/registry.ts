import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { findDebianProgram } from './debian-program.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

/** A private registry on loopback, which the Engine trusts without TLS. */
export interface Registry extends AsyncDisposable {
  /** Address and port, as image names begin with. */
  readonly host: string;
  readonly login: { readonly username: string; readonly password: string };
  /** Stops downloads of layers in their middle until the returned function is called. */
  holdLayers(): () => void;
  /** Gives an image one more tag, as somebody does elsewhere. */
  retag(repository: string, from: string, to: string): Promise<void>;
}

const program = {
  name: 'docker-registry',
  folder: 'usr/bin',
  wantedBy: 'The tests of private registries',
} as const;
const login = { username: 'captain', password: 'pass-word-that-must-not-be-seen' } as const;
const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';

/** Starts docker-registry with a password, and a proxy before it that can hold up downloads. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'boatload-registry-'));
  const port = await freePort();
  const child = await startProgram(folder, port);
  let gate: Promise<void> = Promise.resolve();
  const proxy = createServer((request, response) => {
    forward(request, response, { port, gate: () => gate }).catch(() => response.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  await untilItAnswers(`http://${host}/v2/`, authorization);
  return {
    host,
    login,
    holdLayers() {
      let release: () => void = () => undefined;
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    async retag(repository, from, to) {
      const urlOf = (tag: string): string => `http://${host}/v2/${repository}/manifests/${tag}`;
      const found = await fetch(urlOf(from), { headers: { authorization, accept: manifestType } });
      const headers = { authorization, 'content-type': manifestType };
      const put = await fetch(urlOf(to), { method: 'PUT', headers, body: await found.text() });
      if (put.status !== 201) throw new Error(`the registry refused the tag ${to}: ${put.status} ${await put.text()}`);
    },
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startProgram(folder: string, port: number): Promise<ChildProcess> {
  const { path, env } = await findDebianProgram(program);
  const passwords = join(folder, 'htpasswd');
  await writeFile(passwords, `${login.username}:${await hash(login.password, 4)}\n`);
  const config = join(folder, 'config.yml');
  await writeFile(
    config,
    `version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: ${folder}/images } }
http: { addr: '127.0.0.1:${port}' }
auth: { htpasswd: { realm: boatload, path: ${passwords} } }
`,
  );
  return spawn(path, ['serve', config], { stdio: 'ignore', env: { ...process.env, ...env } });
}

async function untilItAnswers(url: string, authorization: string): Promise<void> {
  await until(
    () =>
      fetch(url, { headers: { authorization } }).then(
        ({ status }) => status,
        () => 0,
      ),
    (status) => status === 200,
    'the registry to answer',
    10_000,
  );
}

async function forward(
  request: IncomingMessage,
  response: ServerResponse,
  { port, gate }: { readonly port: number; readonly gate: () => Promise<void> },
): Promise<void> {
  const { method, url: path, headers } = request;
  const forwarded = httpRequest({ host: '127.0.0.1', port, method, path, headers });
  forwarded.on('error', () => response.destroy());
  request.pipe(forwarded);
  const heads: IncomingMessage[] = await once(forwarded, 'response').catch(() => []);
  const [answer] = heads;
  if (answer === undefined) return;
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  const size = Number(answer.headers['content-length'] ?? 0);
  let sent = 0;
  for await (const chunk of answer) {
    const bytes: Buffer = chunk;
    // Only layers are large; what an image says of itself always passes.
    if (method === 'GET' && size > 1_048_576 && sent > size / 2) await gate();
    sent += bytes.length;
    response.write(bytes);
  }
  response.end();
}
