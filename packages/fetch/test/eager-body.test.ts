import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readEagerly } from '../src/eager-body.ts';

describe('a body', () => {
  it('gives everything that came before it broke', async () => {
    const stream = new PassThrough();
    const body = readEagerly(stream);
    stream.write('one');
    stream.write('two');
    stream.destroy(new Error('broken'));
    const seen: string[] = [];
    const reading = (async () => {
      for await (const chunk of body) seen.push(Buffer.from(chunk).toString());
    })();
    await expect(reading).rejects.toThrow('broken');
    expect(seen).toEqual(['one', 'two']);
  });

  it('is not held in memory beyond its limit, however slow its reader is', async () => {
    let made = 0;
    const stream = new Readable({
      read() {
        made += 65_536;
        this.push(made > 8 * 1_048_576 ? null : Buffer.alloc(65_536));
      },
    });
    let size = 0;
    let mostAhead = 0;
    for await (const chunk of readEagerly(stream)) {
      size += chunk.length;
      mostAhead = Math.max(mostAhead, made - size);
    }
    expect(size).toBe(8 * 1_048_576);
    expect(mostAhead).toBeLessThan(1.5 * 1_048_576);
  });

  it('of single bytes is held for what its chunks take', async () => {
    let made = 0;
    const stream = new Readable({
      highWaterMark: 1,
      read() {
        made += 1;
        this.push(made > 20_000 ? null : Buffer.alloc(1));
      },
    });
    let seen = 0;
    let mostAhead = 0;
    for await (const _chunk of readEagerly(stream)) {
      seen += 1;
      mostAhead = Math.max(mostAhead, made - seen);
    }
    expect(seen).toBe(20_000);
    expect(mostAhead).toBeLessThan(5_000);
  });

  it('lets go of its stream when its reader has enough', async () => {
    const stream = new PassThrough();
    stream.write('one');
    for await (const _chunk of readEagerly(stream)) break;
    expect(stream.destroyed).toBe(true);
  });

  it('that is closed without an end is broken', async () => {
    const stream = new PassThrough();
    const body = readEagerly(stream);
    stream.destroy();
    await expect(body[Symbol.asyncIterator]().next()).rejects.toThrow('closed');
  });
});
