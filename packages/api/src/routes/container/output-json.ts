import type { OutputRecord } from '../../services/reads/output.ts';

type StreamName = OutputRecord['stream'];

/**
 * Renders output as `{"stdout": "…", "stderr": "…"}`; bytes that are not UTF-8 become U+FFFD. The two are
 * read one after the other, so that neither is held in memory.
 */
export async function* outputJson(
  read: (stream: StreamName) => AsyncIterable<OutputRecord>,
  timestamps: boolean,
): AsyncGenerator<string> {
  yield `{"stdout":"`;
  yield* escapedText(read('stdout'), timestamps);
  yield `","stderr":"`;
  yield* escapedText(read('stderr'), timestamps);
  yield `"}`;
}

async function* escapedText(records: AsyncIterable<OutputRecord>, timestamps: boolean): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let lineStart = true;
  for await (const { at, data } of records) {
    if (timestamps && lineStart) yield `${at} `;
    yield escapeText(decoder.decode(data, { stream: true }));
    lineStart = data.at(-1) === 0x0a;
  }
  yield escapeText(decoder.decode());
}

function escapeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}
