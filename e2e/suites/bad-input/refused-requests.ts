import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { Container, ErrorCode } from '@boatload/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import { readEvents } from '../../harness/event-stream.ts';
import { expectProblem } from '../../harness/problem.ts';
import { fillPath, type Route, readRoutes } from '../../harness/routes.ts';
import type { Parts } from './bad-input-parts.ts';

const submitPath = '/v1/container';

/** Bad values by path (as the description has it, without `/v1/container`) and query parameter. */
const badQueries: Readonly<Record<string, readonly (readonly [query: string, code?: ErrorCode])[]>> = {
  'GET ': [
    ['state=asleep'],
    ['limit=0'],
    ['limit=1001'],
    ['limit=-1'],
    ['limit=many'],
    ['label=novalue'],
    ['label==x'],
    ['after=nonsense'],
    ['after=%00'],
  ],
  'POST ': [['strict=maybe'], ['dry_run=maybe']],
  'DELETE /{id}': [['grace=-1'], ['grace=long'], ['grace=3601']],
  'GET /{id}/stdout': [
    ['follow=maybe'],
    ['tail=-1'],
    ['tail=all'],
    ['since=yesterday'],
    ['since=2026-13-01T00:00:00Z'],
    ['until=soon'],
    ['timestamps=2'],
    ['stream=stdin'],
    ['attempt=0'],
    ['attempt=99', 'attempt_not_found'],
  ],
  'GET /{id}/state': [['attempt=first'], ['attempt=99', 'attempt_not_found']],
  'GET /{id}/metrics': [['attempt=-1'], ['attempt=99', 'attempt_not_found']],
  'GET /{id}/changes': [
    ['limit=0'],
    ['limit=100001'],
    ['after=!!'],
    ['attempt=0'],
    ['attempt=99', 'attempt_not_found'],
  ],
  'GET /{id}/archive': [['format=rar'], ['attempt=0'], ['attempt=99', 'attempt_not_found']],
  'GET /{id}/file': [['attempt=1.5'], ['attempt=99', 'attempt_not_found']],
  'GET /{id}/file/{path}': [['attempt=x'], ['attempt=99', 'attempt_not_found']],
  'GET /{id}/filebynum/{number}': [['attempt=x'], ['attempt=99', 'attempt_not_found']],
};

/** A call's name in the table above. */
function nameOf({ method, path }: Route): string {
  return `${method} ${path.replace('/v1/container', '').replace(/\/$/, '')}`;
}

/** Calls that cannot be right, whoever makes them: paths, methods, ids, queries, headers, log-in. */
export function describeRefusedRequests(parts: Parts): void {
  let routes: readonly Route[] = [];
  const v1 = (): Route[] => routes.filter(({ path }) => path.startsWith('/v1/'));
  beforeAll(async () => {
    routes = await readRoutes(parts().service.url);
  });

  test('without a log-in every path below /v1 answers 401, and says how to log in', async () => {
    expect(v1().length).toBeGreaterThanOrEqual(13);
    for (const { method, path } of v1()) {
      const answer = await fetch(`${parts().service.url}${fillPath(path, unknownId())}`, { method });
      expect(answer.headers.get('www-authenticate'), path).toMatch(/^JWT /);
      const problem = await expectProblem(answer, 'not_authenticated', null);
      expect(problem.detail).toBe('Authentication credentials were not provided.');
    }
  });

  test.each([
    ['JWT', 'invalid_token'],
    ['JWT a b', 'invalid_token'],
    ['JWT nonsense', 'invalid_token'],
    ['Bearer eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoxLCJ1c2VybmFtZSI6ImFkbWluIiwiZXhwIjo5OTk5OTk5OTk5fQ.', 'invalid_token'],
    ['Basic YWRtaW46YWRtaW4=', 'not_authenticated'],
    ['Token abc', 'not_authenticated'],
  ] as const)('Authorization: %s is no log-in', async (authorization, code) => {
    for (const { method, path } of v1()) {
      const url = `${parts().service.url}${fillPath(path, unknownId())}`;
      await expectProblem(await fetch(url, { method, headers: { authorization } }), code, null);
    }
  });

  test('an unknown id, and what is no id, is 404 on every path', async () => {
    const withId = v1().filter(({ path }) => path.includes('{id}'));
    expect(withId.length).toBeGreaterThanOrEqual(11);
    for (const id of [unknownId(), 'nonsense', unknownId().toUpperCase(), `${unknownId()}0`, '%00', '..%2f..%2fetc']) {
      for (const { method, path } of withId) {
        await expectProblem(await parts().client.call(fillPath(path, id), { method }), 'container_not_found', null);
      }
    }
  });

  test('another method is 405 on every path, with those that are possible in Allow', async () => {
    for (const path of new Set(routes.map((route) => route.path))) {
      const possible = routes.filter((route) => route.path === path).map(({ method }) => method);
      const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((each) => !possible.includes(each));
      expect(others).not.toEqual([]);
      for (const method of others) {
        const answer = await parts().client.call(fillPath(path, unknownId()), { method });
        const allowed = (answer.headers.get('allow') ?? '').split(', ').filter((each) => each !== 'HEAD');
        expect(allowed.toSorted(), `${method} ${path}`).toEqual(possible.toSorted());
        await expectProblem(answer, 'method_not_allowed', null);
      }
    }
  });

  test.each(['/nothing', '/v1', '/v1/nothing', '/v2/container/', '/v1/container/x/nothing', '/.env', '/..%2f..%2fetc'])(
    'there is nothing at %s',
    async (path) => void (await expectProblem(await parts().client.call(path), 'not_found', null)),
  );

  test.each(['/%', '/v1/container/%zz/', '/v1/container/%/state', '/v1/container/%c3%28/', '/v1/container/%e4/state'])(
    'a path whose percent signs mean nothing is refused: %s',
    async (path) => {
      const answer = await parts().client.call(path);
      await expectProblem(answer, answer.status === 404 ? 'container_not_found' : 'invalid_query', null);
    },
  );

  test('a path with ../ leads nowhere', async () => {
    for (const path of ['/v1/container/../../etc/passwd', '/../../etc/passwd', '/docs/../../../etc/passwd']) {
      expect([400, 404]).toContain(await rawStatus(parts().service.port, path));
    }
  });

  describe('a container of somebody else', () => {
    let mine: Container;
    beforeAll(async () => {
      mine = await parts().client.submit({
        container_args: ['sh', '-c', 'mkfifo /pipe; echo made; sleep 1000'],
        name: 'mine',
      });
      await parts().client.printed(mine.id, 'made');
      return () => parts().client.remove(mine.id);
    });

    test('does not exist, on every path, and stays', async () => {
      const { client, other } = parts();
      for (const { method, path } of v1().filter((route) => route.path.includes('{id}'))) {
        const answer = await other.call(fillPath(path, mine.id), { method });
        await expectProblem(answer, 'container_not_found', null);
      }
      expect(await client.info(mine.id)).toMatchObject({ state: 'running', owner: 'admin' });
    });

    test('is not among the events of all', async () => {
      const { client, other } = parts();
      const answer = await other.call('/v1/events');
      await client.remove((await client.submit({ container_args: 'true' })).id);
      const { id } = await other.submit({ container_args: 'true' });
      for await (const { data } of readEvents(answer)) {
        expect(JSON.parse(data)).toMatchObject({ container: id, seq: 1, state: 'submitted' });
        break;
      }
      await other.remove(id);
    });

    test('is not listed, nor counted, nor found by a filter', async () => {
      for (const query of ['', '?name=mine', '?state=running']) {
        const list = await parts().other.call(`/v1/container/${query}`);
        expect(await list.text()).toBe('[]');
        expect(list.headers.get('x-total-count')).toBe('0');
      }
    });

    test('every query parameter of the description has bad values in the table of this test', () => {
      const described = v1().flatMap((route) =>
        route.parameters.filter((each) => each.in === 'query').map(({ name }) => [nameOf(route), name] as const),
      );
      expect(described.length).toBeGreaterThanOrEqual(20);
      const anything = new Set(['image', 'name']);
      const missing = described.filter(
        ([call, name]) =>
          !anything.has(name) && !(badQueries[call] ?? []).some(([query]) => query.startsWith(`${name}=`)),
      );
      expect(missing).toEqual([]);
    });

    const rows = Object.entries(badQueries).flatMap(([call, queries]) =>
      queries.map(([query, code = 'invalid_query']) => [call, query, code] as const),
    );
    test.each(rows)('%s?%s is refused', async (call, query, code: ErrorCode) => {
      const [method = 'GET', path = ''] = call.split(' ');
      const url = `${submitPath}${fillPath(path, mine.id)}?${query}`;
      const answer = await parts().client.call(url, { method });
      const problem = await expectProblem(answer, code, query.split('=')[0]);
      expect(problem.detail.length).toBeLessThan(300);
    });

    test.each([
      ['Last-Event-ID', 'nonsense', 'invalid_field'],
      ['Last-Event-ID', '-1:1', 'invalid_field'],
      ['Last-Event-ID', '1:', 'invalid_field'],
    ] as const)('%s: %s is refused', async (name, value, code) => {
      const headers = { accept: 'text/event-stream', [name]: value };
      await expectProblem(await parts().client.call(`${submitPath}/${mine.id}/stdout`, { headers }), code, name);
    });

    test.each(['nonsense', '-1', '1:1', '1.5'])('Last-Event-ID: %s is refused for events', async (value) => {
      const headers = { 'last-event-id': value };
      const answer = await parts().client.call(`${submitPath}/${mine.id}/events`, { headers });
      await expectProblem(answer, 'invalid_field', 'Last-Event-ID');
    });

    test.each(['tail=1', 'since=0', 'until=1'])('an event-stream refuses ?%s', async (query) => {
      const headers = { accept: 'text/event-stream' };
      const answer = await parts().client.call(`${submitPath}/${mine.id}/stdout?${query}`, { headers });
      await expectProblem(answer, 'invalid_query', query.split('=')[0]);
    });

    test.each([
      ['stdout', 'image/png'],
      ['archive', 'application/x-7z-compressed'],
    ])('%s cannot be had as %s', async (what, accept) => {
      const answer = await parts().client.call(`${submitPath}/${mine.id}/${what}`, { headers: { accept } });
      await expectProblem(answer, 'not_acceptable', null);
    });

    test.each([
      ['no such file', 'file/nothing/here', 'file_not_found'],
      ['a file below a file', 'file/etc/passwd/x', 'file_not_found'],
      ['a pipe', 'file/pipe', 'not_a_file'],
      ['no such number', 'filebynum/999', 'file_not_found'],
      ['a negative number', 'filebynum/-1', 'file_not_found'],
      ['a word as number', 'filebynum/first', 'file_not_found'],
      ['the script of one that has none', 'script', 'script_not_found'],
    ] as const)('%s is an error that says so', async (_title, path, code) => {
      await expectProblem(await parts().client.call(`${submitPath}/${mine.id}/${path}`), code, null);
    });
  });

  test.each(['two words', 'x'.repeat(256), 'ä'])('«%s» is no Idempotency-Key', async (key) => {
    const answer = await parts().client.call(`${submitPath}/?dry_run=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: '{"image_name": "boatload/sample"}',
    });
    await expectProblem(answer, 'invalid_field', 'Idempotency-Key');
  });
}

function unknownId(): string {
  return randomBytes(16).toString('hex');
}

/** Status of a path that is sent as it is: `fetch` would take `..` out. */
async function rawStatus(port: number, path: string): Promise<number | undefined> {
  const sent = request({ host: '127.0.0.1', port, path }).end();
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode;
}
