import { describe, expect, test } from 'vitest';
import type { OutputRecord } from '../../../src/services/reads/output.ts';
import {
  type OutputEvent,
  type OutputPosition,
  parsePosition,
  toEvents,
} from '../../../src/services/reads/output-events.ts';

type Piece = readonly [attempt: number, data: string, stream?: 'stderr'];

async function* records(pieces: readonly Piece[]): AsyncGenerator<OutputRecord> {
  for (const [attempt, data, stream = 'stdout'] of pieces) {
    yield { attempt, stream, at: '2026-01-31T12:00:00Z', data: Buffer.from(data) };
  }
}

async function eventsOf(pieces: readonly Piece[], after?: OutputPosition, ended = true): Promise<string[]> {
  const events: OutputEvent[] = [];
  for await (const event of toEvents(records(pieces), { ended, ...(after === undefined ? {} : { after }) }))
    events.push(event);
  return events.map(({ id = '-', stream, data }) => `${id} ${stream} ${Buffer.from(data).toString()}`);
}

describe('events of output', () => {
  test('a line is an event, both streams counted together', async () => {
    expect(
      await eventsOf([
        [1, 'a\n'],
        [1, 'b\n', 'stderr'],
      ]),
    ).toEqual(['1:1 stdout a\n', '1:2 stderr b\n']);
  });

  test('pieces of a line are put together, also when the other stream writes in between', async () => {
    expect(
      await eventsOf([
        [1, 'a'],
        [1, 'x\n', 'stderr'],
        [1, 'b\n'],
      ]),
    ).toEqual(['1:1 stderr x\n', '1:2 stdout ab\n']);
  });

  test('a last line without an end is an event when its attempt is over', async () => {
    expect(
      await eventsOf([
        [1, 'prompt> '],
        [2, 'again\n'],
      ]),
    ).toEqual(['1:1 stdout prompt> ', '2:1 stdout again\n']);
  });

  test('an unfinished line has no id as long as its attempt goes on', async () => {
    expect(
      await eventsOf(
        [
          [1, 'a\n'],
          [1, 'half'],
        ],
        undefined,
        false,
      ),
    ).toEqual(['1:1 stdout a\n', '- stdout half']);
  });

  test('it goes on behind the last event that was seen', async () => {
    const pieces: Piece[] = [
      [1, 'a\n'],
      [1, 'b\n'],
      [2, 'c\n'],
      [2, 'd\n'],
    ];
    expect(await eventsOf(pieces, { attempt: 1, line: 1 })).toEqual([
      '1:2 stdout b\n',
      '2:1 stdout c\n',
      '2:2 stdout d\n',
    ]);
    expect(await eventsOf(pieces, { attempt: 2, line: 1 })).toEqual(['2:2 stdout d\n']);
  });

  test('a line without end is sent in parts; only its last part has an id', async () => {
    const part = 'x'.repeat(700_000);
    const events: OutputEvent[] = [];
    const pieces: Piece[] = [
      [1, part],
      [1, part],
      [1, 'end\n'],
    ];
    for await (const event of toEvents(records(pieces), { ended: true })) events.push(event);
    expect(events.map(({ id, data }) => [id, data.byteLength])).toEqual([
      [undefined, 1_400_000],
      ['1:1', 4],
    ]);
  });

  test.each([
    ['3:42', { attempt: 3, line: 42 }],
    ['3', undefined],
    ['a:b', undefined],
    ['1:2:3', undefined],
    ['-1:2', undefined],
  ])('the id %j is read as %j', (text, expected) => {
    expect(parsePosition(text)).toEqual(expected);
  });
});
