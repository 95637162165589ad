import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoatLoadError } from '@boatload/contract';
import { afterAll, describe, expect, it } from 'vitest';
import { connectEngine, type Engine, engineOptionsFromEnvironment, parseEngineHost, refusalOf } from '../src/index.ts';

const engine = connectEngine(engineOptionsFromEnvironment(process.env));

afterAll(() => engine.close());

/** A server in the Engine's place, for what the real one cannot be made to do. */
async function withServer<Value>(listener: RequestListener, use: (engine: Engine) => Promise<Value>): Promise<Value> {
  const directory = await mkdtemp(join(tmpdir(), 'boatload-engine-'));
  const server = createServer(listener).listen(join(directory, 'e.sock'));
  await once(server, 'listening');
  await using client = connectEngine({ host: `unix://${directory}/e.sock` });
  try {
    return await use(client);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(directory, { recursive: true });
  }
}

async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) yield Buffer.alloc(65_536);
}

describe('a request to the Engine', () => {
  it('is answered', async () => {
    expect(await engine.json({ method: 'GET', path: '/version' })).toHaveProperty('Version');
  });

  it('carries its path as it is, byte for byte', async () => {
    let seen: string | undefined;
    await withServer(
      (request, response) => {
        seen = request.url;
        response.end();
      },
      (client) => client.json({ method: 'GET', path: '/a/%ff%2F..%00?path=/%e9', query: {} }),
    );
    expect(seen).toBe('/a/%ff%2F..%00?path=/%e9');
  });

  it("that is refused tells the Engine's own words and status", async () => {
    const error = await engine
      .request({ method: 'GET', path: '/containers/none/json' })
      .catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'engine_error' });
    expect(refusalOf(error)).toMatchObject({ status: 404, reason: 'No such container: none' });
  });

  it('that is refused while its body is sent stops the body', async () => {
    const path = '/containers/none/archive?path=/';
    await expect(engine.request({ method: 'PUT', path, body: endless() })).rejects.toMatchObject({
      code: 'engine_error',
    });
  });

  it('fails with the error of its body', async () => {
    async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
      yield Buffer.alloc(10);
      throw new BoatLoadError('archive_unsafe', 'mine');
    }
    const path = '/containers/none/archive?path=/';
    await withServer(
      (request) => request.resume(),
      async (client) => {
        const sending = client.request({ method: 'PUT', path, body: failing() });
        await expect(sending).rejects.toMatchObject({ code: 'archive_unsafe' });
      },
    );
  });

  it('uses a kept connection again, and a new one where the kept one was closed', async () => {
    const ports: unknown[] = [];
    const sockets: IncomingMessage['socket'][] = [];
    await withServer(
      (request, response) => {
        if (!sockets.includes(request.socket)) sockets.push(request.socket);
        ports.push(sockets.indexOf(request.socket));
        response.end('{}');
      },
      async (client) => {
        await client.json({ method: 'GET', path: '/1' });
        await client.json({ method: 'GET', path: '/2' });
        sockets[0]?.destroy();
        await client.json({ method: 'GET', path: '/3' });
      },
    );
    expect(ports).toEqual([0, 0, 1]);
  });

  it('survives that every kept connection was closed', async () => {
    const used = new Set<IncomingMessage['socket']>();
    const held: (() => void)[] = [];
    await withServer(
      (request, response) => {
        if (used.has(request.socket)) return request.socket.destroy();
        used.add(request.socket);
        if (request.url !== '/held') return response.end('{}');
        // Three at once, so that three connections are kept.
        held.push(() => response.end('{}'));
        if (held.length === 3) for (const answer of held) answer();
      },
      async (client) => {
        await Promise.all([1, 2, 3].map(() => client.json({ method: 'GET', path: '/held' })));
        await expect(client.json({ method: 'GET', path: '/after' })).resolves.toEqual({});
      },
    );
  });

  it('that may not be repeated is not, when its connection breaks', async () => {
    let asked = 0;
    await withServer(
      (request) => {
        asked += 1;
        request.socket.destroy();
      },
      async (client) => {
        const sending = client.json({ method: 'POST', path: '/containers/x/start' });
        await expect(sending).rejects.toMatchObject({ code: 'engine_unavailable' });
      },
    );
    expect(asked).toBe(1);
  });

  it('is given up with its signal, before, during and after the head', async () => {
    const gone = AbortSignal.abort();
    await expect(engine.json({ method: 'GET', path: '/version', signal: gone })).rejects.toMatchObject({
      name: 'AbortError',
    });
    await withServer(
      (request, response) => {
        if (request.url === '/head') response.write('x');
      },
      async (client) => {
        const during = new AbortController();
        const silent = client.json({ method: 'GET', path: '/silent', signal: during.signal });
        during.abort();
        await expect(silent).rejects.toMatchObject({ name: 'AbortError' });
        const after = new AbortController();
        const response = await client.request({ method: 'GET', path: '/head', signal: after.signal });
        after.abort();
        await expect(response.text()).rejects.toMatchObject({ name: 'AbortError' });
      },
    );
  });

  it('whose answer is cut off fails', async () => {
    await withServer(
      (_request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('half');
        setImmediate(() => response.destroy());
      },
      async (client) => {
        const response = await client.request({ method: 'GET', path: '/' });
        await expect(response.text()).rejects.toMatchObject({ code: 'engine_unavailable' });
      },
    );
  });

  it.each([
    ['unix:///no/such/engine.sock', 'its socket does not exist'],
    ['tcp://127.0.0.1:9', 'nothing listens'],
    ['tcp://no-such-host.invalid:2375', 'host name'],
  ])('to %s says why there is no answer', async (host, reason) => {
    const lost = connectEngine({ host });
    const asking = lost.json({ method: 'GET', path: '/version' });
    await expect(asking).rejects.toMatchObject({
      code: 'engine_unavailable',
      message: expect.stringContaining(reason),
    });
  });
});

describe('where the Engine is', () => {
  it.each<[Record<string, string>, object]>([
    [{}, { socketPath: '/var/run/docker.sock' }],
    [{ DOCKER_HOST: '' }, { socketPath: '/var/run/docker.sock' }],
    [{ DOCKER_HOST: 'unix:///run/podman.sock' }, { socketPath: '/run/podman.sock' }],
    [{ DOCKER_HOST: 'unix://' }, { socketPath: '/var/run/docker.sock' }],
    [{ DOCKER_HOST: 'tcp://host' }, { hostname: 'host', port: 2375, tls: undefined, prefix: '' }],
    [{ DOCKER_HOST: 'host:99' }, { hostname: 'host', port: 99 }],
    [{ DOCKER_HOST: 'tcp://[::1]:99/behind/' }, { hostname: '::1', port: 99, prefix: '/behind' }],
    [{ DOCKER_HOST: 'https://host' }, { hostname: 'host', port: 2376, tls: {} }],
  ])('%j means %j', (environment, address) => {
    expect(parseEngineHost(engineOptionsFromEnvironment(environment))).toMatchObject(address);
  });

  it('is what the caller says before what the environment says', () => {
    expect(engineOptionsFromEnvironment({ DOCKER_HOST: 'tcp://a' }, 'tcp://b')).toEqual({ host: 'tcp://b' });
  });

  it.each(['ssh://user@host', 'npipe:////./pipe/docker', 'tcp://', 'tcp://a b'])('cannot be %s', (host) => {
    expect(() => parseEngineHost({ host })).toThrow(expect.objectContaining({ code: 'engine_unavailable' }));
  });

  it('needs its TLS files', () => {
    const environment = { DOCKER_HOST: 'tcp://host', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/no/such' };
    expect(() => engineOptionsFromEnvironment(environment)).toThrow('/no/such');
  });
});
