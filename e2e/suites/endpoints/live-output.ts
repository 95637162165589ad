import { describe, test } from 'vitest';
import { readEvents, type ServerEvent } from '../../harness/event-stream.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';

/** Output while it is written. */
export function describeLiveOutput(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: live output`, () => {
    const parts = useService(start);
    promiseFollow(parts);
    promiseResume(parts);
    promiseNothingLeft(parts);
  });
}

function promiseFollow(parts: () => SuiteParts): void {
  test.concurrent('follow gives each line while the script still waits, and ends with the container', async ({
    expect,
  }) => {
    const { client, signals } = parts();
    const wait = signals.fetchCommand('/follow-text');
    const { id } = await client.submit({ script: `echo first; echo hidden >&2; ${wait}; echo second; exit 4` });
    const answer = await client.call(`/v1/container/${id}/stdout?follow=true`);
    const chunks = readText(answer);
    expect(await chunks.next()).toMatchObject({ value: 'first\n' });
    expect(await client.info(id)).toMatchObject({ state: 'running' });
    signals.serve('/follow-text', '');
    expect(await chunks.next()).toMatchObject({ value: 'second\n' });
    expect(await chunks.next()).toMatchObject({ done: true });
    expect(await client.ended(id)).toMatchObject({ exit_code: 4 });
  });

  test.concurrent('follow gives both streams as they were written', async ({ expect }) => {
    const { client, signals } = parts();
    const script = ['two', 'three'].map((word) => `${signals.fetchCommand(`/both-${word}`)}; echo ${word}`);
    const { id } = await client.submit({ script: `echo one; ${script[0]} >&2; ${script[1]}` });
    const chunks = readText(await client.call(`/v1/container/${id}/stdout?follow&stream=both`));
    expect(await chunks.next()).toMatchObject({ value: 'one\n' });
    signals.serve('/both-two', '');
    expect(await chunks.next()).toMatchObject({ value: 'two\n' });
    signals.serve('/both-three', '');
    expect(await chunks.next()).toMatchObject({ value: 'three\n' });
    expect(await chunks.next()).toMatchObject({ done: true });
  });

  test.concurrent('follow with tail begins with the last lines', async ({ expect }) => {
    const { client, signals } = parts();
    const script = `seq 1 50; ${signals.fetchCommand('/follow-tail')}; echo last`;
    const { id } = await client.submit({ script });
    await client.printed(id, '50\n');
    const followed = client.text(`/v1/container/${id}/stdout?follow&tail=2`);
    signals.serve('/follow-tail', '');
    expect(await followed).toBe('49\n50\nlast\n');
  });

  test.concurrent('follow goes on over attempts, or stays with the one that is asked for', async ({ expect }) => {
    const { client, signals } = parts();
    signals.serve('/attempts', String);
    const script = `n=$(${signals.fetchCommand('/attempts')}); echo "run $n"; [ "$n" = 3 ]`;
    const { id } = await client.submit({ retries: 3, script });
    const [all, second] = await Promise.all([
      client.text(`/v1/container/${id}/stdout?follow`),
      client.ended(id).then(() => client.text(`/v1/container/${id}/stdout?follow&attempt=2`)),
    ]);
    expect([all, second]).toEqual(['run 1\nrun 2\nrun 3\n', 'run 2\n']);
    const events = await client.call(`/v1/container/${id}/stdout?follow`, stream('1:1'));
    expect((await takeEvents(events)).map(({ id: each }) => each)).toEqual(['2:1', '3:1', undefined]);
  });

  test.concurrent('a follower who goes away leaves the container alone', async ({ expect }) => {
    const { client, signals } = parts();
    const { id } = await client.submit({ script: `echo first; ${signals.fetchCommand('/gone')}; echo second` });
    const gone = new AbortController();
    const answer = await client.call(`/v1/container/${id}/stdout?follow`, { signal: gone.signal });
    await readText(answer).next();
    gone.abort();
    signals.serve('/gone', '');
    expect(await client.ended(id)).toMatchObject({ exit_code: 0 });
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe('first\nsecond\n');
  });
}

function promiseResume(parts: () => SuiteParts): void {
  test.concurrent('events resume exactly once behind Last-Event-ID, however often the connection is cut', async ({
    expect,
  }) => {
    const { client, signals } = parts();
    const total = 3_000;
    const half = `seq 1 ${total / 2}; ${signals.fetchCommand('/resume')}`;
    const { id } = await client.submit({ script: `${half}; seq ${total / 2 + 1} ${total} >&2` });
    const seen: ServerEvent[] = [];
    for (const cut of [100, 1_000, 1_400]) {
      const answer = await client.call(`/v1/container/${id}/stdout?follow`, stream(seen.at(-1)?.id));
      seen.push(...(await takeEvents(answer, cut - seen.length)));
    }
    const rest = client
      .call(`/v1/container/${id}/stdout?follow`, stream(seen.at(-1)?.id))
      .then((each) => takeEvents(each));
    signals.serve('/resume', '');
    seen.push(...(await rest));
    expect(seen.pop()).toMatchObject({ event: 'end' });
    expect(seen.map((event) => event.id)).toEqual(Array.from({ length: total }, (_, at) => `1:${at + 1}`));
    const texts = seen.map(({ data }) => (JSON.parse(data) as { text: string }).text);
    expect(texts).toEqual(Array.from({ length: total }, (_, at) => String(at + 1)));
    expect(seen.slice(total / 2).every(({ event }) => event === 'stderr')).toBe(true);
  });

  test.concurrent('the ids of one stream are those of both', async ({ expect }) => {
    const { client } = parts();
    const { id } = await client.submit({ script: 'echo a; echo b >&2; echo c' });
    await client.ended(id);
    const both = await takeEvents(await client.call(`/v1/container/${id}/stdout`, stream()));
    const one = await takeEvents(await client.call(`/v1/container/${id}/stdout?stream=stdout`, stream()));
    expect(one).toEqual(both.filter(({ event }) => event !== 'stderr'));
    expect(both.length).toBe(4);
  });
}

function stream(lastId?: string): RequestInit {
  const resume = lastId === undefined ? {} : { 'last-event-id': lastId };
  return { headers: { accept: 'text/event-stream', ...resume } };
}

/** Reads events up to a number of them, then cuts the connection. */
async function takeEvents(answer: Response, most = Number.POSITIVE_INFINITY): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(answer)) {
    events.push(event);
    if (events.length >= most) break;
  }
  return events;
}

/** Text in the pieces in which it comes. */
async function* readText(answer: Response): AsyncGenerator<string> {
  if (answer.body === null) throw new Error('the answer has no body');
  yield* answer.body.pipeThrough(new TextDecoderStream());
}
