import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listHosts, requestOptionsOf } from '../engine/address.mjs';
import { findEngine, probe } from '../engine/find.mjs';

let folder: string;
let servers: Server[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'boatload-engine-'));
  servers = [];
});

afterEach(async () => {
  for (const server of servers) server.closeAllConnections();
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(folder, { recursive: true, force: true });
});

/** Listens as an Engine does that answers every request with one status. */
async function listen(name: string, status = 200): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end('OK'));
  servers.push(server);
  const socket = join(folder, name);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return `unix://${socket}`;
}

describe('an Engine is looked for', () => {
  test('where DOCKER_HOST points', async () => {
    const host = await listen('engine.sock');
    expect(await findEngine({ DOCKER_HOST: host })).toEqual([{ host, outcome: 'answers', detail: 'OK' }]);
  });

  test('nowhere else if DOCKER_HOST is set', async () => {
    const host = `unix://${folder}/nobody.sock`;
    const probes = await findEngine({ DOCKER_HOST: host });
    expect(probes.map((found) => [found.host, found.outcome])).toEqual([[host, 'absent']]);
  });

  test("at Docker's own socket first, then at those of rootless Docker, Podman, Docker Desktop and Colima", () => {
    expect(listHosts({ XDG_RUNTIME_DIR: '/run/user/7' }, '/home/ann')).toEqual([
      'unix:///var/run/docker.sock',
      'unix:///run/user/7/docker.sock',
      'unix:///run/user/7/podman/podman.sock',
      'unix:///run/podman/podman.sock',
      'unix:///home/ann/.docker/run/docker.sock',
      'unix:///home/ann/.colima/default/docker.sock',
    ]);
  });
});

describe('an address is told to be', () => {
  test('answering, with a real Engine', async () => {
    expect((await probe('unix:///var/run/docker.sock')).outcome).toBe('answers');
  });

  test('absent, without a socket', async () => {
    expect((await probe(`unix://${folder}/nobody.sock`)).outcome).toBe('absent');
  });

  test('silent, with a socket that nobody listens on', async () => {
    const host = await listen('left.sock', 500);
    expect(await probe(host)).toEqual({ host, outcome: 'silent', detail: 'it answers with status 500' });
  });

  test('silent, with one that takes too long', async () => {
    const server = createServer(() => undefined);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(join(folder, 'slow.sock'), resolve));
    const { outcome, detail } = await probe(`unix://${folder}/slow.sock`, 50);
    expect([outcome, detail]).toEqual(['silent', 'no answer within 50 ms']);
  });
});

describe('DOCKER_HOST', () => {
  test.each([
    ['unix:///run/engine.sock', { tls: false, options: { socketPath: '/run/engine.sock' } }],
    ['tcp://10.0.0.7:2375', { tls: false, options: { hostname: '10.0.0.7', port: '2375' } }],
    ['tcp://[fd00::1]:4243', { tls: false, options: { hostname: 'fd00::1', port: '4243' } }],
    ['https://engine.example', { tls: true, options: { hostname: 'engine.example', port: 2376 } }],
  ])('%s is understood', (host, expected) => {
    expect(requestOptionsOf(host, {})).toEqual(expected);
  });

  test.each(['ssh://ann@engine.example', 'engine.example', 'npipe:////./pipe/docker_engine'])(
    '%s is refused with what to write',
    (host) => {
      expect(() => requestOptionsOf(host, {})).toThrow(/unix:\/\/\/path\/to\/docker\.sock or tcp:\/\/host:port/);
    },
  );
});
