import type { DockerState } from '@boatload/contract';
import { describe, expect, it } from 'vitest';
import { type StatusFacts, statusOf } from '../../src/lifecycle/status.ts';

const ref = { container: '0'.repeat(32), attempt: 1 };
const never = '0001-01-01T00:00:00Z';
const started = '2026-01-01T10:00:00.5Z';
const permit = { generation: 1, name: 'name' };
const refusal = { code: 'out_of_memory', message: 'too little' } as const;

function status(state: DockerState | undefined, facts: Partial<StatusFacts> = {}) {
  const found =
    state === undefined ? undefined : { id: 'id', name: 'name', labels: {}, restartCount: 0, mounts: [], state };
  return statusOf({ ref, node: 'n', subject: { image: 'i' }, permit: undefined, refusal: undefined, found, ...facts });
}

const fresh: DockerState = { StartedAt: never, FinishedAt: never, Error: '', Running: false };

describe("an attempt's status", () => {
  it.each<[string, DockerState | undefined, Partial<StatusFacts>, object]>([
    ['absent without container and permit', undefined, {}, { phase: 'absent', starts: 0, dockerState: {} }],
    ['lost without container after its permit', undefined, { permit }, { phase: 'lost', dockerState: {} }],
    ['created before its start', fresh, {}, { phase: 'created', starts: 0, dockerState: {} }],
    ['created while nobody knows how its start went', fresh, { permit }, { phase: 'created' }],
    ['failed where we noted why', fresh, { permit, refusal }, { phase: 'start_failed', error: refusal, starts: 0 }],
    [
      'failed where the Engine noted why',
      { ...fresh, Error: 'exec: "x": executable file not found in $PATH', ExitCode: 127 },
      { permit },
      { phase: 'start_failed', error: { code: 'command_not_found' }, dockerState: { ExitCode: 127 } },
    ],
    ['running', { ...fresh, StartedAt: started, Running: true }, { permit }, { phase: 'running', starts: 1 }],
    ['running while paused', { StartedAt: started, Running: true, Paused: true }, { permit }, { phase: 'running' }],
    [
      'restarting',
      { StartedAt: started, FinishedAt: started, Running: true, Restarting: true, ExitCode: 1 },
      { permit },
      { phase: 'restarting' },
    ],
    [
      'ended with its exit code',
      { StartedAt: started, FinishedAt: '2026-01-01T10:00:01Z', Running: false, ExitCode: 3, OOMKilled: true },
      { permit },
      { phase: 'ended', exitCode: 3, oomKilled: true, finishedAt: '2026-01-01T10:00:01Z' },
    ],
  ])('is %s', (_title, state, facts, expected) => {
    expect(status(state, facts)).toMatchObject(expected);
  });

  it.each([
    ['2026-01-01T10:00:00.499999999Z', started],
    ['2026-01-01T10:00:00.50000001Z', '2026-01-01T10:00:00.50000001Z'],
    ['2026-01-01T10:00:00Z', started],
  ])('never ends before it began (%s)', (FinishedAt, finishedAt) => {
    expect(status({ StartedAt: started, FinishedAt, ExitCode: 0 }, { permit })).toMatchObject({ finishedAt });
  });

  it('has no exit code while it runs', () => {
    expect(status({ StartedAt: started, Running: true, ExitCode: 0 }, { permit })).not.toHaveProperty('exitCode');
  });
});
