/** An event of a text/event-stream. */
export interface ServerEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Reads the events of an answer as they come (WHATWG HTML, server-sent events); stopping cuts the connection. */
export async function* readEvents(answer: Response): AsyncGenerator<ServerEvent> {
  const type = answer.headers.get('content-type');
  if (answer.body === null || type?.startsWith('text/event-stream') !== true) {
    throw new Error(`not an event-stream but ${answer.status} ${type}: ${await answer.text()}`);
  }
  let rest = '';
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const blocks = `${rest}${text}`.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event !== undefined) yield event;
    }
  }
}

function parseEvent(block: string): ServerEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  const data = fields.get('data');
  return data === undefined ? undefined : { id: fields.get('id'), event: fields.get('event') ?? 'message', data };
}
