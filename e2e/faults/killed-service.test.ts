import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Container } from '@boatload/contract';
import { expect, test } from 'vitest';
import { sampleImage } from '../harness/client.ts';
import { viewEngine } from '../harness/engine.ts';
import { freePort } from '../harness/free-port.ts';
import { MortalService } from '../harness/mortal-service.ts';
import { startTally, type Tally } from '../harness/tally.ts';

const submissions = Number(process.env.BOATLOAD_TEST_SUBMISSIONS ?? 20);
const kills = Number(process.env.BOATLOAD_TEST_KILLS ?? 4);

test(`${kills} times SIGKILL during ${submissions} submissions: what was answered runs, and exactly once`, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'boatload-kill-'));
  await using engine = viewEngine();
  await using tally = await startTally(await engine.gateway());
  const service = new MortalService(dataDir, await freePort());
  try {
    await service.start();
    const answered = await submitWhileDying(service, tally);
    const client = await service.client();
    const ended = await Promise.all(answered.map(({ id }) => client.ended(id)));

    expect(ended.filter(({ state, exit_code }) => state !== 'exited' || exit_code !== 0)).toEqual([]);
    expect(answered.filter(({ word }) => tally.words.filter((each) => each === word).length !== 1)).toEqual([]);
    expect(tally.words.length).toBe(new Set(tally.words).size);

    const all = await client.json<Container[]>('/v1/container/');
    await Promise.all(all.map(({ id }) => client.ended(id)));
    const instance = `io.boatload.instance=${await instanceOf(engine, all)}`;
    const owned = await engine.containersOf(instance);
    expect(owned.filter((name) => !all.some(({ id }) => name.includes(id)))).toEqual([]);

    await Promise.all(all.map(({ id }) => client.remove(id)));
    expect(await engine.containersOf(instance)).toEqual([]);
    expect(await engine.volumesOf(instance)).toEqual([]);
  } finally {
    await service.end();
    await rm(dataDir, { recursive: true, force: true });
  }
}, 600_000);

interface Answered {
  readonly id: string;
  readonly word: string;
}

/** Four submitters at once, while the service is killed at random moments and started again. */
async function submitWhileDying(service: MortalService, tally: Tally): Promise<Answered[]> {
  const answered: Answered[] = [];
  let tried = 0;
  const submitter = async (): Promise<void> => {
    while (answered.length < submissions) {
      tried += 1;
      const word = `word-${tried}`;
      const id = await trySubmit(service, tally.report(word));
      if (id !== undefined) answered.push({ id, word });
    }
  };
  const killer = async (): Promise<void> => {
    for (let killed = 0; killed < kills; killed += 1) {
      await pause(Math.random() * 1_500);
      await service.killAndStart();
    }
  };
  await Promise.all([submitter(), submitter(), submitter(), submitter(), killer()]);
  return answered;
}

async function trySubmit(service: MortalService, script: string): Promise<string | undefined> {
  try {
    const client = await service.client();
    const { id } = await client.submit({ ...sampleImage, script: `#!/bin/sh\n${script}\n` });
    return id;
  } catch {
    await pause(20);
    return undefined;
  }
}

async function instanceOf(engine: ReturnType<typeof viewEngine>, all: readonly Container[]): Promise<string> {
  const label = await engine.labelValue(`io.boatload.container=${all[0]?.id}`, 'io.boatload.instance');
  if (label === undefined) throw new Error('the first container is not on the Engine');
  return label;
}
