import { setMaxListeners } from 'node:events';
import type { Principal } from '@boatload/contract';
import { describe, expect, test } from 'vitest';
import type { ContainerEvent } from '../../../src/services/events/container-event.ts';
import { EventService } from '../../../src/services/events/events.ts';
import { ContainerWatch } from '../../../src/services/watch.ts';
import { newContainer, newId, openTestStore } from '../../store/sample-container.ts';

const at = '2024-05-06T07:08:10.000Z';
const ada: Principal = { id: 1, username: 'ada', admin: false };
const root: Principal = { id: 2, username: 'root', admin: true };
const progress = { step: 'fetching data', done: 1, total: null };

describe('the events of a container', () => {
  test('are its timeline from the first entry on, then each new one, and end with its end', async () => {
    await using rig = await openRig();
    const id = await rig.submit();
    await rig.containers.record(id, { at, state: 'staging' });
    const events = rig.ofContainer(id);
    expect(await events.take(2)).toEqual(['1 submitted', '2 staging']);
    await rig.containers.record(id, { at, state: 'running' });
    expect(await events.take(1)).toEqual(['3 running']);
    await rig.containers.record(id, { at, state: 'exited' });
    expect(await events.rest()).toEqual(['4 exited']);
  });

  test('go on behind the one that was the last to come', async () => {
    await using rig = await openRig();
    const id = await rig.submit();
    await rig.containers.record(id, [
      { at, state: 'staging' },
      { at, state: 'running' },
      { at, state: 'exited' },
    ]);
    for (const after of [0, 1, 3, 4, 5]) {
      const seen = await rig.ofContainer(id, after).rest();
      expect(seen).toEqual(['1 submitted', '2 staging', '3 running', '4 exited'].slice(after));
    }
  });

  test('go on with what comes where the last to come is said to be one that there is not yet', async () => {
    await using rig = await openRig();
    const id = await rig.submit();
    const events = rig.ofContainer(id, 99);
    await events.begin();
    await rig.ofContainer(id).take(1);
    await rig.containers.record(id, [
      { at, state: 'staging' },
      { at, state: 'exited' },
    ]);
    expect(await events.rest()).toEqual(['2 staging', '3 exited']);
  });

  test('go on over an end that another attempt follows', async () => {
    await using rig = await openRig();
    const id = await rig.submit();
    const events = rig.ofContainer(id);
    await events.take(1);
    await rig.containers.record(id, [
      { at, state: 'exited' },
      { at, state: 'submitted', attempt: 2, attempts: [{ attempt: 2 }] },
    ]);
    await rig.containers.record(id, { at, state: 'failed' });
    expect(await events.rest()).toEqual(['2 exited', '3 submitted', '4 failed']);
  });

  test('end when it is gone', async () => {
    await using rig = await openRig();
    const id = await rig.submit();
    const events = rig.ofContainer(id);
    await events.take(1);
    await rig.containers.markRemoving(id, 0);
    await rig.containers.erase(id);
    expect(await events.rest()).toEqual(['2 removing']);
    expect(await rig.ofContainer(id).rest()).toEqual([]);
  });

  test('tell how far its staging is, at once to who comes in the middle of it', async () => {
    await using rig = await openRig();
    const [id, other] = [await rig.submit(), await rig.submit()];
    rig.now.set(id, progress);
    const events = rig.ofContainer(id);
    expect(await events.take(2)).toEqual(['1 submitted', 'fetching data 1']);
    rig.watch.tellProgress({ id: other, owner: 'ada' }, { ...progress, done: 5 });
    rig.watch.tellProgress({ id, owner: 'ada' }, { ...progress, done: 7 });
    await rig.containers.record(id, { at, state: 'starting' });
    expect(await events.take(2)).toEqual(['fetching data 7', '2 starting']);
  });

  test('come each once, however commits and the reading of the timeline meet', async () => {
    await using rig = await openRig();
    const id = await rig.submit();
    const readers = Array.from({ length: 8 }, () => rig.ofContainer(id).rest());
    for (let round = 0; round < 10; round += 1) {
      const recording = rig.containers.record(id, { at, state: 'running', reason: String(round) });
      readers.push(rig.ofContainer(id).rest());
      await recording;
    }
    await rig.containers.record(id, { at, state: 'exited' });
    const expected = ['1 submitted', ...Array.from({ length: 10 }, (_, round) => `${round + 2} running`), '12 exited'];
    for (const reader of readers) expect(await reader).toEqual(expected);
  });
});

describe('the events of all containers', () => {
  test('begin with now, and are of those that are the caller’s; an admin’s are all', async () => {
    await using rig = await openRig();
    const early = await rig.submit();
    const [mine, all] = [rig.ofAll(ada), rig.ofAll(root)];
    await Promise.all([mine.begin(), all.begin()]);
    const theirs = await rig.submit('bob');
    await rig.containers.record(early, { at, state: 'staging' });
    rig.watch.tellProgress({ id: early, owner: 'ada' }, progress);
    await rig.containers.record(theirs, { at, state: 'exited' });
    await rig.containers.record(early, { at, state: 'exited' });
    expect(await mine.take(3)).toEqual(['2 staging', 'fetching data 1', '3 exited']);
    expect(await all.take(5)).toEqual(['1 submitted', '2 staging', 'fetching data 1', '2 exited', '3 exited']);
  });

  test('say of which container they are', async () => {
    await using rig = await openRig();
    const events = rig.events.ofAll(ada, rig.signal);
    const first = events.next();
    const id = await rig.submit();
    expect((await first).value).toMatchObject({ kind: 'state', data: { container: id, seq: 1, state: 'submitted' } });
  });
});

async function openRig() {
  const watch = new ContainerWatch();
  const kept = await openTestStore({ onCommit: (news) => watch.tell(news) });
  const { containers } = kept.store;
  const now = new Map<string, typeof progress>();
  const events = new EventService({ containers, watch, progress: (id) => now.get(id) });
  const leaving = new AbortController();
  setMaxListeners(0, leaving.signal);
  return {
    watch,
    containers,
    events,
    now,
    signal: leaving.signal,
    async submit(owner = 'ada') {
      return (await containers.submit(newContainer({ owner, id: newId() }))).container.id;
    },
    ofContainer: (id: string, after = 0) => new Reader(events.ofContainer(id, after, leaving.signal)),
    ofAll: (principal: Principal) => new Reader(events.ofAll(principal, leaving.signal)),
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await kept[Symbol.asyncDispose]();
    },
  };
}

/** Reads events as short texts. */
class Reader {
  readonly #events: AsyncGenerator<ContainerEvent>;
  #first: Promise<IteratorResult<ContainerEvent>> | undefined;

  constructor(events: AsyncGenerator<ContainerEvent>) {
    this.#events = events;
  }

  /** Begins to listen, without waiting for anything to be told. */
  async begin(): Promise<void> {
    this.#first = this.#events.next();
    this.#first.catch(() => undefined);
  }

  async take(count: number): Promise<string[]> {
    const texts: string[] = [];
    while (texts.length < count) {
      const { value, done } = await this.#next();
      if (done === true) break;
      texts.push(textOf(value));
    }
    return texts;
  }

  rest(): Promise<string[]> {
    return this.take(Number.POSITIVE_INFINITY);
  }

  #next(): Promise<IteratorResult<ContainerEvent>> {
    const next = this.#first ?? this.#events.next();
    this.#first = undefined;
    return next;
  }
}

function textOf({ data }: ContainerEvent): string {
  if ('seq' in data) return `${data.seq} ${data.state}`;
  return 'step' in data ? `${data.step} ${data.done}` : 'end';
}
