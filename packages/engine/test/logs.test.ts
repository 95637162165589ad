import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import {
  connectEngine,
  createContainer,
  engineTime,
  type LogFrame,
  readLogFrames,
  removeContainer,
} from '../src/index.ts';
import { makeScratch, sampleImage } from './scratch-container.ts';

const engine = connectEngine();
afterAll(() => engine.close());

async function all(frames: AsyncIterable<LogFrame>): Promise<LogFrame[]> {
  const list: LogFrame[] = [];
  for await (const frame of frames) list.push({ ...frame, data: Buffer.from(frame.data) });
  return list;
}
const text = (frames: readonly LogFrame[]): string =>
  frames.map((frame) => Buffer.from(frame.data).toString('latin1')).join('');

describe('output of a container', () => {
  test('comes with its stream and its time to the nanosecond', async () => {
    await using scratch = await makeScratch(engine, { script: 'echo out; echo err >&2; printf end' });
    const frames = await all(readLogFrames(engine, scratch.id));
    expect(text(frames.filter((frame) => frame.stream === 'stdout'))).toBe('out\nend');
    expect(text(frames.filter((frame) => frame.stream === 'stderr'))).toBe('err\n');
    for (const { at } of frames) expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  });

  test('keeps every byte where the log driver does', async () => {
    const script = 'printf "b\\377\\000e\\n"; head -c 40000 /dev/zero';
    await using scratch = await makeScratch(engine, { script, logDriver: 'local' });
    expect(text(await all(readLogFrames(engine, scratch.id)))).toBe(`b\xff\0e\n${'\0'.repeat(40_000)}`);
  });

  test.each(['json-file', 'local'] as const)('keeps the ends of lines of every length: %s', async (logDriver) => {
    const lengths = [16_383, 16_384, 16_385, 32_768, 0, 40_000, 5];
    const line = lengths.map((length) => `head -c ${length} /dev/zero | tr "\\0" x; echo; echo after >&2`).join('; ');
    await using scratch = await makeScratch(engine, { script: `${line}; printf end`, logDriver });
    const frames = await all(readLogFrames(engine, scratch.id));
    const lines = lengths.map((length) => `${'x'.repeat(length)}\n`).join('');
    expect(text(frames.filter(({ stream }) => stream === 'stdout')) === `${lines}end`).toBe(true);
    expect(text(frames.filter(({ stream }) => stream === 'stderr'))).toBe('after\n'.repeat(lengths.length));
  });

  test('keeps long lines whole, in pieces', async () => {
    await using scratch = await makeScratch(engine, {
      script: 'head -c 100000 /dev/zero | tr "\\0" x; echo; echo next',
    });
    const frames = await all(readLogFrames(engine, scratch.id));
    expect(frames.length).toBeGreaterThan(5);
    expect(text(frames)).toBe(`${'x'.repeat(100_000)}\nnext\n`);
  });

  test('is cut to a time exact to the nanosecond', async () => {
    await using scratch = await makeScratch(engine, { script: 'for i in 1 2 3 4 5 6; do echo $i; done' });
    const frames = await all(readLogFrames(engine, scratch.id));
    const at = frames[3]?.at ?? '';
    expect(text(await all(readLogFrames(engine, scratch.id, { since: at })))).toBe('4\n5\n6\n');
    expect(text(await all(readLogFrames(engine, scratch.id, { until: at })))).toBe('1\n2\n3\n4\n');
    expect(text(await all(readLogFrames(engine, scratch.id, { tail: 2 })))).toBe('5\n6\n');
    expect(await all(readLogFrames(engine, scratch.id, { stdout: false }))).toEqual([]);
  });

  test('is followed to the end of the container', async () => {
    await using scratch = await makeScratch(engine, {
      script: 'echo ready; while [ ! -e /tmp/go ]; do :; done; echo last',
      ready: true,
    });
    const seen: string[] = [];
    for await (const frame of readLogFrames(engine, scratch.id, { follow: true })) {
      seen.push(Buffer.from(frame.data).toString());
      if (seen.length === 1) await engine.json({ method: 'POST', path: `/containers/${scratch.id}/stop?t=0` });
    }
    expect(seen).toEqual(['ready\n']);
  });

  test('is let go of when its reader gives up', async () => {
    await using scratch = await makeScratch(engine, { script: 'echo ready; sleep 600', ready: true });
    const giveUp = new AbortController();
    const reading = (async () => {
      for await (const _ of readLogFrames(engine, scratch.id, { follow: true, signal: giveUp.signal })) giveUp.abort();
    })();
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('is empty before the start, and missing without a container', async () => {
    const id = await createContainer(engine, `boatload-test-${randomUUID()}`, {
      creation: { Image: sampleImage, Cmd: ['true'] },
    });
    try {
      expect(await all(readLogFrames(engine, id))).toEqual([]);
      expect(await all(readLogFrames(engine, id, { follow: true }))).toEqual([]);
    } finally {
      await removeContainer(engine, id);
    }
    await expect(all(readLogFrames(engine, 'nobody'))).rejects.toMatchObject({ code: 'attempt_not_found' });
  });
});

test.each([
  ['2026-01-02T03:04:05Z', '1767323045.000000000'],
  ['2026-01-02T03:04:05.1Z', '1767323045.100000000'],
  ['2026-01-02T03:04:05.123456789Z', '1767323045.123456789'],
  ['2026-01-02T05:04:05.000000001+02:00', '1767323045.000000001'],
  ['1960-01-01T00:00:00Z', '0'],
])('the Engine is told %s as %s', (time, expected) => {
  expect(engineTime(time)).toBe(expected);
});

test('what is no time is refused', () => {
  expect(() => engineTime('yesterday')).toThrowError(expect.objectContaining({ code: 'invalid_query' }));
});
