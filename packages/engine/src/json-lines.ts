import { BoatLoadError } from '@boatload/contract';

/** No message of the Engine comes near this; a longer line is not its JSON. */
const longestLine = 1_048_576;

/** Splits an endless answer of the Engine into its JSON messages. */
export async function* readJsonLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<unknown, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine)
      throw new BoatLoadError('engine_error', 'The Docker Engine sent an endless message.');
    yield* lines.filter((line) => line.trim() !== '').map(parse);
  }
  if (rest.trim() !== '') yield parse(rest);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new BoatLoadError(
      'engine_error',
      `The Docker Engine sent a message that is not JSON: ${line.slice(0, 200)}`,
      {
        cause,
      },
    );
  }
}
