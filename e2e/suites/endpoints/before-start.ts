import { beforeAll, describe, expect, test } from 'vitest';
import { readProblem } from '../../harness/client.ts';
import { labelOf } from '../../harness/engine.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, useService } from '../../harness/suite.ts';
import { until } from '../../harness/until.ts';

/** Everything can be asked for before the start: the data of this container do not come until the test lets them. */
export function describeBeforeStart(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: before the start`, () => {
    const parts = useService(start);
    let id = '';
    const pathOf = (path: string): string => `/v1/container/${id}${path}`;
    beforeAll(async () => {
      const { client, web } = parts();
      const made = await client.submit({
        script: 'cat held.txt; cat held.txt > /tmp/copy',
        dataurl: web.urlOf('/held.txt'),
      });
      id = made.id;
      await client.reached(id, 'staging');
      await until(
        async () => web.requests('/held.txt'),
        (requests) => requests > 0,
        'the data to be asked for',
      );
    });

    test('info says what is being done', async () => {
      const info = await until(
        () => parts().client.info(id),
        ({ progress }) => progress?.step.includes('data') === true,
        'progress of the data',
      );
      expect(info).toMatchObject({ state: 'staging', started_at: null, exit_code: null });
      expect(info.timeline.map(({ state }) => state)).toEqual(['submitted', 'staging']);
    });

    test('state is staging, docker_state is empty, fleet_state speaks of a unit that starts', async () => {
      expect(await parts().client.state(id)).toMatchObject({
        state: 'staging',
        reason: null,
        attempt: 1,
        docker_state: {},
        fleet_state: { activeState: 'activating', loadState: 'loaded', subState: 'start-pre' },
      });
      expect((await parts().client.state(id)).docker_state).toEqual({});
    });

    test('stdout is empty, as text and as JSON', async () => {
      const { client } = parts();
      expect(await client.text(pathOf('/stdout'))).toBe('');
      expect(await client.json(pathOf('/stdout'), { headers: { accept: 'application/json' } })).toEqual({
        stdout: '',
        stderr: '',
      });
    });

    test('metrics are zero', async () => {
      const { at, ...metrics } = await parts().client.json<{ at: string }>(pathOf('/metrics'));
      expect(Date.parse(at)).toBeLessThanOrEqual(Date.now());
      expect(metrics).toEqual({
        running: false,
        cpu: { usage_seconds: 0, percent: 0 },
        memory: { usage_bytes: 0, max_usage_bytes: 0, limit_bytes: 0 },
        network: { rx_bytes: 0, tx_bytes: 0 },
        block_io: { read_bytes: 0, write_bytes: 0 },
        pids: { current: 0 },
      });
    });

    test('changes, files and archive are empty', async () => {
      const { client } = parts();
      expect(await client.json(pathOf('/changes'))).toEqual([]);
      expect(await client.json(pathOf('/file'))).toEqual([]);
      const archive = await client.call(pathOf('/archive'));
      expect(archive.status).toBe(200);
      expect(Buffer.from(await archive.arrayBuffer()).every((byte) => byte === 0)).toBe(true);
    });

    test('a file is not there yet, and the answer says so', async () => {
      const problem = await readProblem(await parts().client.call(pathOf('/file/etc/passwd')));
      expect(problem).toMatchObject({ status: 404, code: 'file_not_found' });
      expect(problem.detail).toMatch(/staging/);
    });

    test('script is there', async () => {
      expect(await parts().client.text(pathOf('/script'))).toContain('cat held.txt');
    });

    test('who follows the output from now on misses nothing', async () => {
      const { client, web } = parts();
      const followed = client.text(pathOf('/stdout?follow=true'));
      const events = client.text(pathOf('/stdout?follow=true'), { headers: { accept: 'text/event-stream' } });
      web.serve('/held.txt', 'held back\n');
      expect(await followed).toBe('held back\n');
      expect(await events).toContain('id: 1:1\nevent: stdout\n');
      const ended = await client.ended(id);
      expect(ended.timeline.map(({ state }) => state)).toEqual([
        'submitted',
        'staging',
        'starting',
        'running',
        'exited',
      ]);
      expect(ended.progress).toBeNull();
    });

    test('DELETE does not wait for data that never come', async () => {
      const { client, web, engine } = parts();
      const made = await client.submit({ script: 'exit 0', dataurl: web.urlOf('/never') });
      await until(
        async () => web.requests('/never'),
        (requests) => requests > 0,
        'the data to be asked for',
      );
      await client.remove(made.id);
      expect(await readProblem(await client.call(`/v1/container/${made.id}/`))).toMatchObject({ status: 404 });
      expect(await engine.containersOf(labelOf(made.id))).toEqual([]);
      expect(await engine.volumesOf(labelOf(made.id))).toEqual([]);
    });

    promiseNothingLeft(parts);
  });
}
