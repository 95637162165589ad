import { randomBytes } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { Browser } from '../../harness/browser.ts';
import { sampleImage } from '../../harness/client.ts';
import { fillPath, type Route, readRoutes } from '../../harness/routes.ts';
import type { SuiteParts } from '../../harness/suite.ts';

const bodies: Readonly<Record<string, unknown>> = {
  '/v1/container': { ...sampleImage, container_args: 'true' },
  '/api-token-auth': { username: 'admin', password: 'admin' },
  '/v1/node/{node}/cache/gc': {},
};

/** Every path works with and without the slash at its end; only file names keep theirs. */
export function describePaths(parts: () => SuiteParts): void {
  let id: string;
  let routes: readonly Route[];
  beforeAll(async () => {
    const { client, service } = parts();
    routes = (await readRoutes(service.url)).filter(({ path }) => !/\/file\/./.test(path));
    const container = await client.submit({ script: 'echo hello; echo kept > kept.txt' });
    id = (await client.ended(container.id)).id;
  });

  test('GET answers the same with and without a slash', async () => {
    const paths = routes.filter(({ method }) => method === 'GET').map(({ path }) => trim(path));
    expect(paths.length).toBeGreaterThanOrEqual(11);
    for (const path of [...paths, '/docs', '/docs/errors', '/healthz', '/readyz']) {
      const [without, slashed] = [fillPath(path, id), `${fillPath(path, id)}/`];
      expect(await summaryOf(parts(), without), path).toEqual(await summaryOf(parts(), slashed));
    }
  });

  test('POST answers the same with and without a slash', async () => {
    const { client } = parts();
    const paths = routes.filter(({ method, path }) => method === 'POST' && !path.startsWith('/api-auth/'));
    expect(paths.length).toBeGreaterThanOrEqual(4);
    for (const path of paths.map((route) => trim(route.path))) {
      const statuses = [];
      for (const each of [path, `${path}/`]) {
        const body = JSON.stringify(bodies[path] ?? { token: client.token });
        const headers = { 'content-type': 'application/json' };
        const answer = await client.call(`${fillPath(each, id)}?dry_run=true`, { method: 'POST', headers, body });
        statuses.push(answer.status);
      }
      expect(statuses, path).toEqual([200, 200]);
    }
  });

  test('the log-in form and the way out answer the same with and without a slash', async () => {
    for (const slash of ['', '/']) {
      const browser = new Browser(parts().service.url);
      await browser.send(`/api-auth/login${slash}`);
      const fields = { csrfmiddlewaretoken: browser.csrfToken, username: 'admin', password: 'admin' };
      expect((await browser.post(`/api-auth/login${slash}`, fields)).status).toBe(302);
      expect((await browser.send(`/v1/container${slash}`)).status).toBe(200);
      expect((await browser.send(`/api-auth/logout${slash}`)).status).toBe(200);
    }
  });

  test('GET and DELETE take no offence at a Content-Type without a body', async () => {
    const { client } = parts();
    for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
      const headers = { 'content-type': type };
      const container = await client.submit({ container_args: 'true' });
      const path = `/v1/container/${container.id}/`;
      expect((await client.call(path, { headers })).status).toBe(200);
      expect((await client.call(path, { method: 'DELETE', headers })).status).toBe(204);
    }
  });

  test('DELETE answers the same with and without a slash', async () => {
    const { client } = parts();
    for (const slash of ['', '/']) {
      const container = await client.submit({ container_args: 'true' });
      expect((await client.call(`/v1/container/${container.id}${slash}`, { method: 'DELETE' })).status).toBe(204);
      const missing = randomBytes(16).toString('hex');
      expect((await client.call(`/v1/container/${missing}${slash}`, { method: 'DELETE' })).status).toBe(404);
    }
  });
}

function trim(path: string): string {
  return path.replace(/\/$/, '');
}

/** The whole body; none of what never ends. */
async function bodyOf(answer: Response, path: string): Promise<Buffer> {
  if (!path.startsWith('/v1/events')) return Buffer.from(await answer.arrayBuffer());
  await answer.body?.cancel();
  return Buffer.alloc(0);
}

/** What must be the same of two answers. Of metrics and pages with tokens only the head. */
async function summaryOf({ client }: SuiteParts, path: string): Promise<unknown> {
  const answer = await client.call(path);
  const body = await bodyOf(answer, path);
  const changing = /\/metrics|\/api-auth\//.test(path);
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    body: changing ? '' : body.toString('latin1'),
  };
}
