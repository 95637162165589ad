import type { LogQuery, LogRecord } from '@boatload/contract';
import { connectEngine } from '@boatload/engine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeScratch, type ScratchContainer } from '../../../engine/test/scratch-container.ts';
import { readLogs } from '../../src/logs/read-logs.ts';

const engine = connectEngine();
afterAll(() => engine.close());
const both = { stdout: true, stderr: true };

async function records(scratch: ScratchContainer, query: Partial<LogQuery> = {}): Promise<LogRecord[]> {
  const target = { containerId: scratch.id, mounts: [], baselineFile: undefined, injected: [] };
  const list: LogRecord[] = [];
  for await (const record of readLogs(engine, target, { streams: both, ...query })) list.push(record);
  return list;
}
const text = (list: readonly LogRecord[]): string => list.map((record) => Buffer.from(record.data).toString()).join('');

describe('100,000 lines on two streams', () => {
  let scratch: ScratchContainer;
  const script = `const fs = require('fs');
    for (let i = 0; i < 100000; i += 1) fs.writeSync(i % 3 === 0 ? 2 : 1, 'line ' + i + '\\n');`;

  beforeAll(async () => {
    scratch = await makeScratch(engine, {
      script: `exec node -e "${script.replaceAll('\n', ' ').replace('\\n', '\\\\n')}"`,
    });
  });
  afterAll(() => scratch[Symbol.asyncDispose]());

  test('are whole, each stream in its order, stdout and stderr apart', async () => {
    const start = performance.now();
    const list = await records(scratch);
    console.log(`100,000 lines read in ${(performance.now() - start).toFixed(0)} ms`);
    const expected = (wanted: (i: number) => boolean): string =>
      Array.from({ length: 100_000 }, (_, i) => (wanted(i) ? `line ${i}\n` : '')).join('');
    expect(text(list.filter(({ stream }) => stream === 'stderr')) === expected((i) => i % 3 === 0)).toBe(true);
    expect(text(list.filter(({ stream }) => stream === 'stdout')) === expected((i) => i % 3 !== 0)).toBe(true);
  });

  test('end with their last lines, also of one stream', async () => {
    const list = await records(scratch, { tail: 3 });
    expect(list).toHaveLength(3);
    const errors = await records(scratch, { tail: 20, streams: { stdout: false, stderr: true } });
    expect(text(errors)).toBe(Array.from({ length: 20 }, (_, i) => `line ${99_942 + 3 * i}\n`).join(''));
  });

  test('end with as many last lines as are asked for, wherever the streams overlap', async () => {
    const list = await records(scratch);
    for (const tail of [2, 7, 101, 1003, 5000]) {
      const last = await records(scratch, { tail });
      expect(text(last) === text(list.slice(-tail)), `tail ${tail}`).toBe(true);
    }
  });

  test('are cut to a time', async () => {
    const list = await records(scratch);
    const from = list[60_000]?.at ?? '';
    const since = await records(scratch, { since: from });
    expect(since.length).toBe(list.filter(({ at }) => at >= from).length);
    const until = await records(scratch, { until: from });
    // The Engine stops at the first piece that is later; the two streams' times may overlap by microseconds.
    expect(until.length).toBe(list.findIndex(({ at }) => at > from));
    const window = await records(scratch, { until: from, tail: 5 });
    expect(window.map(({ at }) => at)).toEqual(until.slice(-5).map(({ at }) => at));
  });
});

test('the last lines count as lines, however long they are', async () => {
  const script = `echo first; head -c 70000 /dev/zero | tr '\\0' x; echo; echo end`;
  await using scratch = await makeScratch(engine, { script });
  expect(text(await records(scratch, { tail: 2 }))).toBe(`${'x'.repeat(70_000)}\nend\n`);
  expect(text(await records(scratch, { tail: 9 }))).toBe(`first\n${'x'.repeat(70_000)}\nend\n`);
  expect(await records(scratch, { tail: 0 })).toEqual([]);
});

describe('output is followed to the end of the container', () => {
  const ending = `trap 'echo last; exit 0' TERM; echo one; echo two; echo ready`;
  /** Follows, and has the container stop as soon as the first piece came. */
  async function follow(scratch: ScratchContainer, tail?: number): Promise<string> {
    const target = { containerId: scratch.id, mounts: [], baselineFile: undefined, injected: [] };
    const list: LogRecord[] = [];
    const query = { streams: both, follow: true, ...(tail === undefined ? {} : { tail }) };
    let stopped: Promise<unknown> = Promise.resolve();
    for await (const record of readLogs(engine, target, query)) {
      list.push(record);
      if (list.length === 1) stopped = engine.json({ method: 'POST', path: `/containers/${scratch.id}/stop?t=10` });
    }
    await stopped;
    return text(list);
  }

  test.each([
    ['everything', undefined, 'one\ntwo\nready\nlast\n'],
    ['the last line', 1, 'ready\nlast\n'],
    ['the last two lines', 2, 'two\nready\nlast\n'],
    ['more lines than there are', 9, 'one\ntwo\nready\nlast\n'],
  ])('from %s on', async (_name, tail, expected) => {
    await using scratch = await makeScratch(engine, { script: `${ending}; while :; do sleep 0.05; done`, ready: true });
    expect(await follow(scratch, tail)).toBe(expected);
  });

  test('from now on', async () => {
    await using scratch = await makeScratch(engine, {
      script: `${ending}; while :; do sleep 0.05; echo tick; done`,
      ready: true,
    });
    expect(await follow(scratch, 0)).toMatch(/^(tick\n)+last\n$/);
  });
});

test('a reader that gives up is let go', async () => {
  await using scratch = await makeScratch(engine, { script: 'echo ready; sleep 600', ready: true });
  const target = { containerId: scratch.id, mounts: [], baselineFile: undefined, injected: [] };
  const giveUp = new AbortController();
  const reading = (async () => {
    const query = { streams: both, follow: true };
    for await (const _record of readLogs(engine, target, query, { signal: giveUp.signal })) giveUp.abort();
  })();
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
});
