import type { Output } from '@boatload/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import { readProblem } from '../../harness/client.ts';
import { readEvents } from '../../harness/event-stream.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';

const lines = 100_000;
const manyLines = `#!/usr/bin/env node
const { writeSync } = require('node:fs');
for (let n = 1; n <= ${lines}; n += 1) writeSync(n % 2 === 0 ? 2 : 1, 'line ' + n + '\\n');
`;
const oddLines = numberedLines(1);
const evenLines = numberedLines(2);

function numberedLines(first: number): string {
  return Array.from({ length: lines / 2 }, (_, at) => `line ${at * 2 + first}\n`).join('');
}

/** What a container wrote, as far as it is asked for after it was written. */
export function describeOutput(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: output`, () => {
    const parts = useService(start);
    promiseManyLines(parts);
    promiseParts(parts);
    promiseOddOutput(parts);
    promiseNothingLeft(parts);
  });
}

function promiseManyLines(parts: () => SuiteParts): void {
  describe(`${lines} lines on both streams`, () => {
    let path = '';
    beforeAll(async () => {
      const { client } = parts();
      const { id } = await client.submit({ script: manyLines });
      await client.ended(id);
      path = `/v1/container/${id}/stdout`;
    });

    test.for([
      ['', oddLines],
      ['?stream=stdout', oddLines],
      ['?stream=stderr', evenLines],
    ] as const)('come in order and apart: %s', async ([query, expected]) => {
      expect((await parts().client.text(`${path}${query}`)) === expected).toBe(true);
    });

    test('come apart as JSON', async () => {
      const answer = await parts().client.json<Output>(path, { headers: { accept: 'application/json' } });
      expect([answer.stdout === oddLines, answer.stderr === evenLines]).toEqual([true, true]);
    });

    test.for(['both', 'stdout,stderr'])('come together, each stream in its order: %s', async (stream) => {
      const both = (await parts().client.text(`${path}?stream=${stream}`)).split(/(?<=\n)/);
      expect(both.length).toBe(lines);
      const isOdd = (line: string): boolean => Number(line.slice(5)) % 2 === 1;
      expect(both.filter(isOdd).join('') === oddLines).toBe(true);
      expect(both.filter((line) => !isOdd(line)).join('') === evenLines).toBe(true);
    });

    test('come as events, every id once and in order', async () => {
      const answer = await parts().client.call(path, { headers: { accept: 'text/event-stream' } });
      const written = { stdout: '', stderr: '' };
      let count = 0;
      for await (const { id, data } of readEvents(answer)) {
        if (id === undefined) continue;
        count += 1;
        if (id !== `1:${count}`) throw new Error(`event ${count} has the id ${id}`);
        const { stream, text } = JSON.parse(data) as { stream: 'stdout' | 'stderr'; text: string };
        written[stream] += `${text}\n`;
      }
      expect([count, written.stdout === oddLines, written.stderr === evenLines]).toEqual([lines, true, true]);
    });

    test('the last of them by tail', async () => {
      const { client } = parts();
      expect(await client.text(`${path}?tail=2`)).toBe(`line ${lines - 3}\nline ${lines - 1}\n`);
      expect(await client.text(`${path}?tail=3&stream=stderr`)).toBe(
        evenLines
          .split(/(?<=\n)/)
          .slice(-3)
          .join(''),
      );
      expect(await client.text(`${path}?tail=0`)).toBe('');
    });
  });
}

function promiseParts(parts: () => SuiteParts): void {
  describe('three lines at different times', () => {
    let path = '';
    let afterFirst = '';
    let afterSecond = '';
    beforeAll(async () => {
      const { client, signals } = parts();
      const wait = (word: string): string => `${signals.fetchCommand(`/${word}`)}; echo ${word}`;
      const { id } = await client.submit({ script: `echo one; ${wait('two')}; ${wait('three')}; echo err >&2` });
      path = `/v1/container/${id}/stdout`;
      await client.printed(id, 'one');
      afterFirst = new Date().toISOString();
      signals.serve('/two', '');
      await client.printed(id, 'two');
      afterSecond = new Date().toISOString();
      signals.serve('/three', '');
      await client.ended(id);
    });

    test('since and until choose by time, in RFC 3339', async () => {
      const { client } = parts();
      expect(await client.text(`${path}?since=${afterFirst}`)).toBe('two\nthree\n');
      expect(await client.text(`${path}?until=${afterSecond}`)).toBe('one\ntwo\n');
      expect(await client.text(`${path}?since=${afterFirst}&until=${afterSecond}`)).toBe('two\n');
      const offset = encodeURIComponent(afterFirst.replace('Z', '+00:00'));
      expect(await client.text(`${path}?since=${offset}`)).toBe('two\nthree\n');
    });

    test('since and until choose by seconds since 1970', async () => {
      const { client } = parts();
      const [from, to] = [afterFirst, afterSecond].map((time) => (Date.parse(time) / 1000).toFixed(3));
      expect(await client.text(`${path}?since=${from}&until=${to}`)).toBe('two\n');
    });

    test('since and tail go together', async () => {
      expect(await parts().client.text(`${path}?since=${afterFirst}&tail=1`)).toBe('three\n');
    });

    test('timestamps begin each line, and lie in order', async () => {
      const text = await parts().client.text(`${path}?timestamps`);
      const found = [...text.matchAll(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) (.+)\n/gm)];
      expect(found.map(([, , word]) => word)).toEqual(['one', 'two', 'three']);
      const times = found.map(([, time = '']) => time);
      expect(times.toSorted()).toEqual(times);
      expect(Date.parse(times[0] ?? '')).toBeLessThanOrEqual(Date.parse(afterFirst));
    });

    test('timestamps stand in JSON, too', async () => {
      const json = { headers: { accept: 'application/json' } };
      const { stderr } = await parts().client.json<Output>(`${path}?timestamps=true`, json);
      expect(stderr).toMatch(/^\d{4}-.+Z err\n$/);
    });
  });
}

function promiseOddOutput(parts: () => SuiteParts): void {
  const answerOf = async (script: string, init: RequestInit = {}): Promise<Response> => {
    const { client } = parts();
    const { id } = await client.submit({ script });
    await client.ended(id);
    return client.call(`/v1/container/${id}/stdout`, init);
  };

  test.concurrent('control characters and letters of all writings stay what they are', async ({ expect }) => {
    const answer = await answerOf("printf 'a\\000\\033b\\r größe 漢字 🚢\\n'");
    expect(await answer.text()).toBe('a\0\u001bb\r größe 漢字 🚢\n');
  });

  test.concurrent('bytes that are no text stay what they are', async ({ expect }) => {
    const answer = await answerOf("printf 'a\\377\\000b\\n'");
    expect(Buffer.from(await answer.arrayBuffer()).toString('hex')).toBe('61ff00620a');
  });

  test.concurrent('a line of 300,000 characters and one without an end stay whole', async ({ expect }) => {
    const answer = await answerOf("head -c 300000 /dev/zero | tr '\\0' x; echo; printf unfinished");
    expect((await answer.text()) === `${'x'.repeat(300_000)}\nunfinished`).toBe(true);
  });

  test.concurrent('events carry long lines, control characters and a line without an end', async ({ expect }) => {
    const script = "head -c 40000 /dev/zero | tr '\\0' x; echo; printf '\\033[1m\\n'; printf unfinished";
    const answer = await answerOf(script, { headers: { accept: 'text/event-stream' } });
    const seen: unknown[] = [];
    for await (const { id, data, event } of readEvents(answer)) {
      if (event === 'end') break;
      const { text, ...rest } = JSON.parse(data) as { text: string };
      seen.push([id, rest, text.length > 100 ? text.length : text]);
    }
    expect(seen).toMatchObject([
      ['1:1', { attempt: 1, line: 1, stream: 'stdout' }, 40_000],
      ['1:2', { line: 2 }, '\u001b[1m'],
      ['1:3', { line: 3 }, 'unfinished'],
    ]);
  });

  test.concurrent('it is never taken for a page or anything else than asked for', async ({ expect }) => {
    const answer = await answerOf("echo '<script>alert(1)</script>'");
    expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    await answer.text();
    const refused = await answerOf('exit 0', { headers: { accept: 'image/png' } });
    expect(await readProblem(refused)).toMatchObject({ status: 406, code: 'not_acceptable' });
  });
}
