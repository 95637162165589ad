import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Engine } from '@boatload/engine';
import type { BenchService } from '../service.ts';

const run = promisify(execFile);
const image = 'boatload/sample:latest';

/** One way to run `echo hi` in a container. */
export interface Contender {
  readonly name: string;
  /** From the request to the noticed exit. */
  runOnce(): Promise<void>;
  /** Removes what the runs left, outside the measurement. */
  cleanUp(): Promise<void>;
}

/** The command line of Docker. It removes the container within the measurement, as users let it. */
export function dockerRun(): Contender {
  return {
    name: 'docker run --rm',
    runOnce: async () => void (await run('docker', ['run', '--rm', image, 'echo', 'hi'])),
    cleanUp: async () => undefined,
  };
}

/** The Engine's API by hand, to the same end as the others: create, start, follow the output, wait for the exit. */
export function engineByHand(engine: Engine): Contender {
  const ids: string[] = [];
  return {
    name: 'Engine API by hand',
    async runOnce() {
      const json = { Image: image, Cmd: ['echo', 'hi'] };
      const { Id } = (await engine.json({ method: 'POST', path: '/containers/create', json })) as { Id: string };
      ids.push(Id);
      await engine.json({ method: 'POST', path: `/containers/${Id}/start` });
      const query = { follow: true, stdout: true };
      const output = await engine.request({ method: 'GET', path: `/containers/${Id}/logs`, query });
      // Behind the eight bytes that tell the stream and the length.
      if (!(await output.text()).endsWith('hi\n')) throw new Error(`${Id} did not say hi`);
      await engine.json({ method: 'POST', path: `/containers/${Id}/wait` });
    },
    async cleanUp() {
      for (const id of ids.splice(0)) await engine.json({ method: 'DELETE', path: `/containers/${id}` });
    },
  };
}

/** BoatLoad: submitted over HTTP, its output followed to the end, which is when the exit is known. */
export function boatload(service: BenchService, name: string, what: Record<string, unknown>): Contender {
  const ids: string[] = [];
  return {
    name,
    async runOnce() {
      const answer = await service.call('/v1/container/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ image_name: 'boatload/sample', pull: 'never', ...what }),
      });
      const { id } = (await answer.json()) as { id: string };
      ids.push(id);
      const output = await service.call(`/v1/container/${id}/stdout?follow=true`);
      if ((await output.text()) !== 'hi\n') throw new Error(`${id} did not say hi`);
    },
    async cleanUp() {
      for (const id of ids.splice(0)) await service.call(`/v1/container/${id}/`, { method: 'DELETE' });
    },
  };
}
