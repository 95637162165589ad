import type { CallOptions } from '@boatload/contract';
import type { Engine } from './connect.ts';
import { type Labels, labelFilter } from './containers.ts';
import { member, textMember, textsMember } from './json-fields.ts';
import { readJsonLines } from './json-lines.ts';

/** Something that happened to a container. */
export interface ContainerEvent {
  /** `start`, `die`, `destroy`, `oom` and so on, in the Engine's words. */
  readonly action: string;
  readonly id: string;
  readonly labels: Labels;
  /** Of a `die`. */
  readonly exitCode?: number;
}

const actions = ['start', 'restart', 'die', 'destroy', 'oom', 'pause', 'unpause'];

/**
 * Subscribes to what happens to the containers that carry all the labels. The promise is fulfilled once the
 * Engine has taken the subscription: what happens after that is in the iteration. It ends or fails when the
 * connection does; to subscribe again is the caller's.
 */
export async function subscribeEvents(
  engine: Engine,
  labels: Labels,
  options: CallOptions = {},
): Promise<AsyncIterable<ContainerEvent>> {
  const filters = labelFilter(labels, { type: ['container'], event: actions });
  const response = await engine.request({ method: 'GET', path: '/events', query: { filters }, signal: options.signal });
  return readEvents(response);
}

async function* readEvents(response: AsyncIterable<Uint8Array>): AsyncGenerator<ContainerEvent, void, undefined> {
  for await (const message of readJsonLines(response)) {
    const actor = member(message, 'Actor');
    const labels = textsMember(actor, 'Attributes');
    const exitCode = Number.parseInt(labels.exitCode ?? '', 10);
    yield {
      action: textMember(message, 'Action'),
      id: textMember(actor, 'ID'),
      labels,
      ...(Number.isNaN(exitCode) ? {} : { exitCode }),
    };
  }
}
