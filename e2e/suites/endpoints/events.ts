import { type Container, containerStates, type ProgressEvent, type StateEvent } from '@boatload/contract';
import { describe, test } from 'vitest';
import { readEvents, type ServerEvent } from '../../harness/event-stream.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';
import { until } from '../../harness/until.ts';

/** What happens to containers, as it happens. */
export function describeEvents(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: events`, () => {
    const parts = useService(start);
    promiseLife(parts);
    promiseResume(parts);
    promiseProgress(parts);
    promiseAll(parts);
    promiseNothingLeft(parts);
  });
}

function promiseLife(parts: () => SuiteParts): void {
  test.concurrent('tell the whole timeline while it is made, each entry once, and end with the container', async ({
    expect,
  }) => {
    const { client, signals } = parts();
    const { id } = await client.submit({ script: `${signals.fetchCommand('/events-life')}; exit 3` });
    const events = readEvents(await client.call(`/v1/container/${id}/events`));
    const states: StateEvent[] = [];
    for await (const event of events) {
      if (event.event === 'end') break;
      if (event.event !== 'state') continue;
      const entry: StateEvent = JSON.parse(event.data);
      expect(event.id).toBe(String(entry.seq));
      states.push(entry);
      if (entry.state === 'running') signals.serve('/events-life', '');
    }
    expect(await events.next()).toMatchObject({ done: true });
    const { timeline } = await client.ended(id);
    expect(states.map(({ seq, container }) => [seq, container])).toEqual(timeline.map((_, at) => [at + 1, id]));
    const withoutProgress = timeline.map(({ progress, ...entry }) => entry);
    expect(states.map(({ seq, container, progress, ...entry }) => entry)).toEqual(withoutProgress);
    expect(states.map(({ state }) => state)).toEqual(['submitted', 'staging', 'starting', 'running', 'exited']);
  });

  test.concurrent('go on over attempts', async ({ expect }) => {
    const { client } = parts();
    const { id } = await client.submit({ script: 'exit 1', retries: 1 });
    const events = await takeEvents(await client.call(`/v1/container/${id}/events/`));
    expect(events.at(-1)).toEqual({ id: undefined, event: 'end', data: '{}' });
    const ends = statesOf(events).filter(({ state }) => state === 'exited');
    expect(ends.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test.concurrent('end when the container is deleted', async ({ expect }) => {
    const { client } = parts();
    const { id } = await client.submit({ script: 'sleep 1000' });
    await client.reached(id, 'running');
    const telling = client.call(`/v1/container/${id}/events`).then((answer) => takeEvents(answer));
    await client.remove(id);
    const events = await telling;
    expect(events.at(-1)?.event).toBe('end');
    expect(statesOf(events).at(-1)?.state).toBe('removing');
  });
}

function promiseResume(parts: () => SuiteParts): void {
  test.concurrent('resume exactly once behind Last-Event-ID, however often the connection is cut', async ({
    expect,
  }) => {
    const { client } = parts();
    const { id } = await client.submit({ script: 'exit 0' });
    const seen: ServerEvent[] = [];
    while (seen.at(-1)?.event !== 'end') {
      const last = seen.at(-1)?.id;
      const headers: Record<string, string> = last === undefined ? {} : { 'last-event-id': last };
      const answer = await client.call(`/v1/container/${id}/events`, { headers });
      seen.push(...(await takeEvents(answer, 1, ['state', 'end'])));
    }
    const { timeline } = await client.ended(id);
    expect(seen.map((event) => event.id)).toEqual([...timeline.map((_, at) => String(at + 1)), undefined]);
    const late = await client.call(`/v1/container/${id}/events`, { headers: { 'last-event-id': '999' } });
    expect((await takeEvents(late)).map(({ event }) => event)).toEqual(['end']);
  });
}

function promiseProgress(parts: () => SuiteParts): void {
  test.concurrent('tell how far staging is; so does the state, and the timeline once it is over', async ({
    expect,
  }) => {
    const { client, web } = parts();
    const content = 'x'.repeat(100_000);
    const { id } = await client.submit({ script: 'wc -c < held.bin', dataurl: web.urlOf('/held.bin') });
    const events = readEvents(await client.call(`/v1/container/${id}/events`));
    for await (const { event, data } of events) {
      if (event !== 'progress') continue;
      const { container, step }: ProgressEvent = JSON.parse(data);
      if (step === 'fetching data') {
        expect(container).toBe(id);
        break;
      }
    }
    const state = await until(
      () => client.state(id),
      ({ progress }) => progress?.step === 'fetching data',
      'the state to tell of the data',
    );
    expect(state).toMatchObject({ state: 'staging', progress: { done: 0 } });
    web.serve('/held.bin', content);
    const { timeline } = await client.ended(id);
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe(`${content.length}\n`);
    expect((await client.state(id)).progress).toBeNull();
    const staging = timeline.filter(({ state }) => state === 'staging');
    const steps = staging.flatMap(({ progress }) => progress ?? []);
    expect(steps).toContainEqual({ step: 'fetching data', done: content.length, total: content.length });
    expect(timeline.filter((entry) => entry.state !== 'staging').map(({ progress }) => progress)).not.toContain([]);
  });
}

function promiseAll(parts: () => SuiteParts): void {
  test.concurrent('of all containers begin with now, and say of which container each is', async ({ expect }) => {
    const { client } = parts();
    const early = await client.submit({ script: 'exit 0' });
    await client.ended(early.id);
    const answer = await client.call('/v1/events');
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const submitted: Container[] = await Promise.all([1, 2].map((code) => client.submit({ script: `exit ${code}` })));
    const left = new Set(submitted.map(({ id }) => id));
    const seen = new Map<string, string[]>();
    for await (const { id, event, data } of readEvents(answer)) {
      expect(id).toBeUndefined();
      if (event !== 'state') continue;
      const { container, seq, state }: StateEvent = JSON.parse(data);
      const states = [...(seen.get(container) ?? []), state];
      seen.set(container, states);
      if (left.has(container)) expect(seq).toBe(states.length);
      if (state === 'exited') left.delete(container);
      if (left.size === 0) break;
    }
    expect(seen.has(early.id)).toBe(false);
    const life = containerStates.slice(0, 5);
    expect(submitted.map(({ id }) => seen.get(id))).toEqual([life, life]);
  });

  test.concurrent.for(['/v1/events', '/v1/container/ID/events'])(
    'HEAD %s is answered at once',
    async (path, { expect }) => {
      const { client } = parts();
      const { id } = await client.submit({ script: 'exit 0' });
      const answer = await client.call(path.replace('ID', id), { method: 'HEAD' });
      expect([answer.status, await answer.text()]).toEqual([200, '']);
    },
  );
}

function statesOf(events: readonly ServerEvent[]): StateEvent[] {
  return events.filter(({ event }) => event === 'state').map(({ data }) => JSON.parse(data));
}

/** Reads events of some kinds up to a number of them, then cuts the connection. */
async function takeEvents(
  answer: Response,
  most = Number.POSITIVE_INFINITY,
  kinds?: readonly string[],
): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(answer)) {
    if (kinds?.includes(event.event) !== false) events.push(event);
    if (events.length >= most) break;
  }
  return events;
}
