import type { LogFrame } from './logs.ts';

const newline = 0x0a;
/** The Engine cuts a longer line into pieces of this many bytes. */
const fullPiece = 16 * 1024;

/**
 * Gives long lines back the end that Engine 20.10 leaves out of them with the log driver `local`: a piece that
 * is not full and has no line end can only be a line's last one, if more of its stream follows. Where nothing
 * follows, an end that was left out cannot be told from one that was never written.
 */
export async function* restoreLineEnds(frames: AsyncIterable<LogFrame>): AsyncGenerator<LogFrame, void, undefined> {
  const cut = new Map<LogFrame['stream'], LogFrame>();
  for await (const frame of frames) {
    const { stream, data } = frame;
    const before = cut.get(stream);
    if (before !== undefined) yield { stream, at: before.at, data: Uint8Array.of(newline) };
    if (data.length < fullPiece && data[data.length - 1] !== newline) cut.set(stream, frame);
    else cut.delete(stream);
    yield frame;
  }
}
