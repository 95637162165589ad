import { errorCodes } from '@boatload/contract';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRoutes } from './harness/routes.ts';
import { type RunningService, startService } from './harness/service.ts';

let service: RunningService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service[Symbol.asyncDispose]());

const get = async (path: string): Promise<{ text: string; headers: Headers }> => {
  const answer = await fetch(`${service.url}${path}`);
  expect(answer.status, path).toBe(200);
  return { text: await answer.text(), headers: answer.headers };
};

/** The calls of this version, as the design's table has them. */
const calls = [
  'DELETE /v1/container/{id}',
  'DELETE /v1/node/{node}/cache/{entry}',
  'GET /api-auth/login/',
  'GET /api-auth/logout/',
  'GET /v1/container',
  'GET /v1/container/{id}',
  'GET /v1/container/{id}/archive',
  'GET /v1/container/{id}/changes',
  'GET /v1/container/{id}/events',
  'GET /v1/container/{id}/file',
  'GET /v1/container/{id}/file/{path}',
  'GET /v1/container/{id}/filebynum/{number}',
  'GET /v1/container/{id}/metrics',
  'GET /v1/container/{id}/script',
  'GET /v1/container/{id}/state',
  'GET /v1/container/{id}/stdout',
  'GET /v1/events',
  'GET /v1/node',
  'GET /v1/node/{node}',
  'GET /v1/node/{node}/cache',
  'POST /api-auth/login/',
  'POST /api-auth/logout/',
  'POST /api-token-auth/',
  'POST /api-token-refresh/',
  'POST /api-token-verify/',
  'POST /v1/container',
  'POST /v1/node/{node}/cache/gc',
];

describe('/openapi.json', () => {
  test('is valid OpenAPI 3.1, every reference of it resolved', async () => {
    const validator = new Validator();
    const description = JSON.parse((await get('/openapi.json')).text);
    expect(await validator.validate(description)).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
    expect(Object.keys(description.components.schemas)).toEqual(expect.arrayContaining(['Container', 'Problem']));
  });

  test('has every call, and no call that is not in the table', async () => {
    const routes = await readRoutes(service.url);
    expect(routes.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual(calls);
  });

  test('says which calls need a log-in, and how every error looks', async () => {
    const { paths, security } = JSON.parse((await get('/openapi.json')).text);
    expect(security).toEqual([{ token: [] }, { session: [] }]);
    for (const [path, operations] of Object.entries<Record<string, Operation>>(paths)) {
      for (const operation of Object.values(operations)) {
        expect(operation.security, path).toEqual(path.startsWith('/v1/') ? undefined : []);
        expect(operation.responses.default, path).toMatchObject({
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        });
      }
    }
  });

  test('says that a submission may be JSON or a form', async () => {
    const { paths } = JSON.parse((await get('/openapi.json')).text);
    expect(Object.keys(paths['/v1/container'].post.requestBody.content)).toEqual([
      'application/json',
      'multipart/form-data',
      'application/x-www-form-urlencoded',
    ]);
  });
});

interface Operation {
  readonly security?: unknown;
  readonly responses: Readonly<Record<string, unknown>>;
}

describe('/docs', () => {
  test('is a page that names no address but our own', async () => {
    const { text, headers } = await get('/docs');
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).not.toMatch(/(?:src|href|action|url)\s*[=(:]\s*["']?\s*(?:[a-z]+:)?\/\//i);
    expect(text).toContain('/openapi.json');
  });

  test('has a script of our own address, which browsers let load nothing from another', async () => {
    const { text } = await get('/docs');
    const scripts = [...text.matchAll(/<script[^>]*\ssrc="([^"]+)"/g)].map(([, src = '']) => src);
    expect(scripts.length).toBeGreaterThan(0);
    for (const path of ['/docs/', ...scripts.map((src) => new URL(src, 'http://x/docs/').pathname)]) {
      const { headers } = await get(path);
      const directives = (headers.get('content-security-policy') ?? '').split(/;\s*/);
      expect(directives).toContain("default-src 'none'");
      const sources = directives.flatMap((directive) => directive.split(' ').slice(1));
      expect(sources.filter((source) => !/^(?:'self'|'none'|'unsafe-inline'|data:|blob:)$/.test(source))).toEqual([]);
      expect(directives.find((directive) => directive.startsWith('connect-src'))).toBe("connect-src 'self'");
    }
  });

  test('turns off what needs servers of the page’s maker', async () => {
    const { text } = await get('/docs');
    expect(text).toMatch(/"withDefaultFonts":\s*false/);
    expect(text).toMatch(/"telemetry":\s*false/);
  });
});

test('/docs/errors lists every code with its status, where each problem’s type leads', async () => {
  const { text } = await get('/docs/errors');
  for (const [code, { status, title }] of Object.entries(errorCodes)) {
    expect(text).toContain(`<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td>`);
  }
  expect(text).not.toMatch(/https?:\/\//);
});
