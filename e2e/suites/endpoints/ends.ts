import type { StateAnswer } from '@boatload/contract';
import { describe, test } from 'vitest';
import { readProblem } from '../../harness/client.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';
import { until } from '../../harness/until.ts';

/** How containers end, and what is tried again. */
export function describeEnds(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: ends and attempts`, () => {
    const parts = useService(start);
    promiseEnds(parts);
    promiseRetries(parts);
    promiseEndlessRestart(parts);
    promiseNothingLeft(parts);
  });
}

function promiseEnds(parts: () => SuiteParts): void {
  test.concurrent.for([0, 3, 137])('exit code %i is told', async (code, { expect }) => {
    const { client } = parts();
    const { id } = await client.submit({ script: `exit ${code}` });
    const ended = await client.ended(id);
    expect(ended).toMatchObject({ state: 'exited', exit_code: code, reason_code: null, attempt: 1 });
    expect(ended.attempts).toMatchObject([{ attempt: 1, state: 'exited', exit_code: code, oom_killed: false }]);
    expect(await client.state(id)).toMatchObject({
      state: 'exited',
      docker_state: { Status: 'exited', Running: false, ExitCode: code, OOMKilled: false, Pid: 0 },
      fleet_state: code === 0 ? { activeState: 'inactive', subState: 'dead' } : { activeState: 'failed' },
    });
  });

  test.concurrent('who needs more memory than the limit ends with out_of_memory', async ({ expect }) => {
    const { client } = parts();
    // Engine 20.10 now and then misses it of a process whose end is the container's: this one is another's child.
    const script = 'tail /dev/zero; code=$?; sleep 1; exit $code';
    const submitted = await Promise.all([1, 2, 3].map(() => client.submit({ memory: '24m', script })));
    const all = await Promise.all(submitted.map(({ id }) => client.ended(id)));
    expect(all.map(({ exit_code }) => exit_code)).toEqual([137, 137, 137]);
    const { engine } = parts();
    const told = await Promise.all(all.map(({ id }) => engine.toldOutOfMemory(id)));
    await Promise.all(
      all
        .filter((_, at) => told[at])
        .map(({ id }) =>
          until(
            () => client.info(id),
            ({ reason_code }) => reason_code === 'out_of_memory',
            'what the Engine told to be the reason',
          ),
        ),
    );
    // That memory ran out may be told behind the end, and 20.10 has been seen to tell it never: but not thrice.
    const { id, ...ended } = await until(
      async () => (await Promise.all(all.map((each) => client.info(each.id)))).find(({ reason_code }) => reason_code),
      (found) => found !== undefined,
      'a reason',
    ).then((found) => found ?? expect.unreachable());
    expect(ended).toMatchObject({ state: 'exited', exit_code: 137, reason_code: 'out_of_memory', memory: 25_165_824 });
    expect(ended.reason).toMatch(/memory/);
    expect(ended.attempts).toMatchObject([{ oom_killed: true, reason_code: 'out_of_memory' }]);
    expect(await client.state(id)).toMatchObject({ docker_state: { OOMKilled: true } });
  });

  test.concurrent('who runs longer than timeout ends as timed_out, whatever the exit code', async ({ expect }) => {
    const { client } = parts();
    const script = "trap 'echo stopped; exit 0' TERM\necho started\nsleep 600 & wait";
    const { id } = await client.submit({ timeout: 1.5, script });
    const ended = await client.ended(id);
    expect(ended).toMatchObject({ state: 'failed', reason_code: 'timed_out', exit_code: 0 });
    expect(ended.reason).toMatch(/1\.5/);
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe('started\nstopped\n');
    const [from, to] = [ended.started_at, ended.finished_at].map((time) => Date.parse(time ?? ''));
    expect((to ?? 0) - (from ?? 0)).toBeGreaterThanOrEqual(1_400);
  });
}

function promiseRetries(parts: () => SuiteParts): void {
  /** Fails until the n-th time that it runs. */
  const failUntil = (path: string, last: number): string =>
    `n=$(${parts().signals.fetchCommand(path)}); echo "run $n"; [ "$n" -ge ${last} ] || exit 9`;
  const counted = (path: string): unknown => parts().signals.serve(path, String);

  const cases = [
    { title: 'retries: 2 gives two more attempts', fields: { retries: 2 }, success: 9, attempts: 3, exit: 9 },
    { title: 'retries end with the first success', fields: { retries: 5 }, success: 2, attempts: 2, exit: 0 },
    {
      title: 'on-failure:1 gives one more attempt',
      fields: { restart: 'on-failure:1' },
      success: 9,
      attempts: 2,
      exit: 9,
    },
    { title: 'on-failure goes on until success', fields: { restart: 'on-failure' }, success: 4, attempts: 4, exit: 0 },
    { title: 'on-failure leaves success alone', fields: { restart: 'on-failure:3' }, success: 1, attempts: 1, exit: 0 },
    { title: 'without either there is one attempt', fields: {}, success: 9, attempts: 1, exit: 9 },
  ];
  const titled = cases.map((each) => [each.title, each] as const);
  test.concurrent.for(titled)('%s', async ([title, { fields, success, attempts, exit }], { expect }) => {
    const { client } = parts();
    const path = `/${encodeURIComponent(title)}`;
    counted(path);
    const { id } = await client.submit({ ...fields, script: failUntil(path, success) });
    const ended = await client.ended(id);
    expect(ended).toMatchObject({ state: 'exited', exit_code: exit, attempt: attempts });
    const numbers = Array.from({ length: attempts }, (_, at) => at + 1);
    expect(ended.attempts.map(({ attempt }) => attempt)).toEqual(numbers);
    expect(ended.attempts.map(({ exit_code }) => exit_code)).toEqual(numbers.map((n) => (n < attempts ? 9 : exit)));
    for (const attempt of numbers) {
      expect(await client.text(`/v1/container/${id}/stdout?attempt=${attempt}`)).toBe(`run ${attempt}\n`);
      const state = await client.json<StateAnswer>(`/v1/container/${id}/state?attempt=${attempt}`);
      expect(state).toMatchObject({ attempt, docker_state: { ExitCode: attempt < attempts ? 9 : exit } });
    }
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe(`run ${attempts}\n`);
    const beyond = await client.call(`/v1/container/${id}/stdout?attempt=${attempts + 1}`);
    expect(await readProblem(beyond)).toMatchObject({ status: 404, code: 'attempt_not_found' });
  });

  test.concurrent('each attempt has its own changes, files and archive', async ({ expect }) => {
    const { client } = parts();
    counted('/own-changes');
    const script = `n=$(${parts().signals.fetchCommand('/own-changes')}); echo "$n" > made-$n; [ "$n" = 2 ]`;
    const { id } = await client.submit({ retries: 1, workdir: '/data', script });
    await client.ended(id);
    for (const attempt of [1, 2]) {
      const query = `?attempt=${attempt}`;
      const files = await client.json<{ path: string }[]>(`/v1/container/${id}/file${query}`);
      expect(files.map(({ path }) => path)).toEqual([`/data/made-${attempt}`]);
      expect(await client.text(`/v1/container/${id}/filebynum/0${query}`)).toBe(`${attempt}\n`);
      expect(await client.text(`/v1/container/${id}/archive${query}`)).toContain(`data/made-${attempt}\0`);
    }
  });

  test.concurrent('who cannot be started is tried again, too, and ends failed', async ({ expect }) => {
    const { client } = parts();
    const { id } = await client.submit({ entrypoint: ['/no/such/command'], retries: 1 });
    const ended = await client.ended(id);
    expect(ended).toMatchObject({ state: 'failed', attempt: 2, reason_code: 'command_not_found' });
    expect(ended.attempts.map(({ state }) => state)).toEqual(['failed', 'failed']);
  });
}

function promiseEndlessRestart(parts: () => SuiteParts): void {
  test.concurrent('always starts again after every end, each start an attempt, until DELETE', async ({ expect }) => {
    const { client, signals } = parts();
    signals.serve('/always', String);
    const script = `n=$(${signals.fetchCommand('/always')}); echo "run $n"`;
    const { id } = await client.submit({ restart: 'always', script });
    const seen = await until(
      () => client.info(id),
      ({ attempts }) => attempts.length >= 3,
      'three attempts',
    );
    expect(seen.attempts.slice(0, 2)).toMatchObject([
      { attempt: 1, state: 'exited', exit_code: 0 },
      { attempt: 2, state: 'exited', exit_code: 0 },
    ]);
    expect(seen).toMatchObject({ restart: 'always', attempt: seen.attempts.length });
    for (const attempt of [1, 2]) {
      expect(await client.text(`/v1/container/${id}/stdout?attempt=${attempt}`)).toBe(`run ${attempt}\n`);
    }
    await client.remove(id);
    expect(await readProblem(await client.call(`/v1/container/${id}/`))).toMatchObject({ code: 'container_not_found' });
  });
}
