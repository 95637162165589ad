import { type AttemptStatus, BoatLoadError, type ErrorCode } from '@boatload/contract';
import { describe, expect, test } from 'vitest';
import { plan } from '../../src/reconciler/plan.ts';
import { isOvertaken } from '../../src/reconciler/status-order.ts';
import type { Failure, Observed, Step, StepKind } from '../../src/reconciler/step.ts';
import { mergeChanges, newAttempt } from '../../src/store/merge-change.ts';
import type { ContainerChange, StoredContainer, Submission } from '../../src/store/records.ts';
import { plainSubmission } from '../store/sample-container.ts';

const id = 'c'.repeat(32);
const began = '2024-05-06T07:00:00.000Z';
const now = new Date('2024-05-06T07:00:10.000Z');
const later = (milliseconds: number) => new Date(now.getTime() + milliseconds);

describe('before the start', () => {
  test.each([
    ['a new container is launched', newOne(), {}, 'launch'],
    ['one whose launch may have begun is looked for', inState('staging'), {}, 'look'],
    ['one that may have started is looked for', inState('starting'), {}, 'look'],
    ['one that ran is looked for', running(), {}, 'look'],
    ['what is nowhere is launched', inState('staging'), { status: status('absent') }, 'launch'],
    ['what is prepared is launched', inState('starting'), { status: status('created') }, 'launch'],
    ['an old failure does not delay a launch', newOne(), failed('image_pull_failed', 1, later(-200)), 'launch'],
  ] as const)('%s', (_, container, observed, kind) => {
    expect(plan(container, known(observed), now).kind).toBe(kind);
  });

  test.each([
    ['image_pull_failed', 1, 200],
    ['image_pull_failed', 2, 400],
    ['engine_unavailable', 8, 25_600],
    ['engine_unavailable', 9, 30_000],
    ['engine_unavailable', 1_000, 30_000],
    ['engine_error', 5, 3_200],
  ] as const)(
    'a launch that failed with %s %i times is tried again after %i ms, the reason shown',
    (code, tries, pause) => {
      const observed = known(failed(code, tries, now));
      const shown = plan(inState('staging'), observed, now);
      expect(shown).toMatchObject({ kind: 'record', changes: [{ state: 'staging', reasonCode: code, reason: 'why' }] });
      const told = apply(inState('staging'), shown);
      expect(plan(told, { ...observed, status: status('absent') }, now)).toEqual({ kind: 'wait', until: later(pause) });
      expect(plan(told, { ...observed, status: status('absent') }, later(pause)).kind).toBe('launch');
    },
  );

  test.each([
    ['image_not_found', 1],
    ['script_crlf', 1],
    ['fetch_failed', 1],
    ['image_pull_failed', 3],
    ['engine_error', 6],
    ['internal', 6],
  ] as const)('a launch that failed with %s %i times is given up', (code, tries) => {
    const step = plan(newOne(), known({ ...failed(code, tries, now), status: status('absent') }), now);
    expect(step).toMatchObject({ kind: 'give-up', ref: { container: id, attempt: 1 } });
    const end = apply(newOne(), step);
    expect(end).toMatchObject({ state: 'failed', reason: 'why', reasonCode: code });
    expect(end.attempts).toMatchObject([{ state: 'failed', reason_code: code, finished_at: now.toISOString() }]);
  });

  test('a launch that failed for good is looked for where it may have started in spite of that', () => {
    const observed = failed('engine_error', 6, now);
    expect(plan(inState('starting'), observed, now).kind).toBe('look');
    expect(settle(inState('starting'), { ...observed, status: running1() }).state).toBe('running');
    expect(plan(inState('starting'), failed('image_not_found', 1, now), now).kind).toBe('give-up');
  });

  test('what a given-up launch left is removed with back-off', () => {
    const failures = failed('image_not_found', 1, now).failures;
    const again = new Map([...failures, ...failed('engine_unavailable', 1, now, 'give-up').failures]);
    expect(plan(newOne(), { failures: again }, now)).toEqual({ kind: 'wait', until: later(200) });
    expect(plan(newOne(), { failures: again }, later(200)).kind).toBe('give-up');
  });

  test('a start that was refused ends `failed`, with the reason', () => {
    const error = { code: 'command_not_found', message: 'no such command' } as const;
    const end = settle(inState('starting'), { status: { ...status('start_failed'), error } });
    expect(end).toMatchObject({ state: 'failed', reason: 'no such command', reasonCode: 'command_not_found' });
  });
});

describe('a run', () => {
  test('is kept as it is told, once', () => {
    const told = settleOnce(inState('starting'), { status: running1() });
    expect(told).toMatchObject({ state: 'running', attempts: [{ state: 'running', node: 'n', started_at: began }] });
    expect(plan(told, known({ status: running1() }), now)).toEqual({ kind: 'wait' });
  });

  test('that is over before it was seen is kept as run and end', () => {
    const end = settle(inState('starting'), { status: ended(3) });
    expect(end).toMatchObject({ state: 'exited', reason: null, attempts: [{ exit_code: 3, started_at: began }] });
    expect(states(end)).toEqual(['starting 1', 'running 1', 'exited 1']);
  });

  test('that ends stays ended', () => {
    const end = settle(running(), { status: ended(0) });
    expect(states(end)).toEqual(['running 1', 'exited 1']);
    expect(plan(end, known({ status: ended(0) }), now)).toEqual({ kind: 'done' });
    expect(plan(end, known({}), now)).toEqual({ kind: 'done' });
  });

  test('that the kernel killed for memory says so', () => {
    const end = settle(running(), { status: { ...ended(137), oomKilled: true } });
    expect(end).toMatchObject({ state: 'exited', reasonCode: 'out_of_memory', attempts: [{ oom_killed: true }] });
  });

  test('that the Engine says late was killed for memory says so late', () => {
    const end = settle(running(), { status: ended(137) });
    const told = settleOnce(end, { status: { ...ended(137), oomKilled: true } });
    expect(told).toMatchObject({ state: 'exited', reasonCode: 'out_of_memory', attempts: [{ oom_killed: true }] });
    expect(plan(told, known({ status: { ...ended(137), oomKilled: true } }), now).kind).toBe('done');
  });

  test.each(['lost', 'absent'] as const)('whose container is told %s is lost', (phase) => {
    const end = settle(running(), { status: status(phase) });
    expect(end).toMatchObject({ state: 'lost', reasonCode: 'lost', attempts: [{ state: 'lost' }] });
  });
});

test('an end that somebody made by removing the container is waited out: it is a loss', () => {
  const going = { ...ended(137), finishedAt: now.toISOString(), dockerState: { Status: 'removing' } };
  expect(plan(running(), known({ status: going }), now)).toEqual({ kind: 'wait', until: later(10_000) });
  expect(settle(running(), { status: status('lost') }).state).toBe('lost');
  expect(settle(running(), { status: going }, later(10_000)).state).toBe('exited');
});

describe('a timeout', () => {
  const timed = { timeout: 10.5 };

  test('is waited for from the start of the attempt', () => {
    const until = new Date(Date.parse(began) + 10_500);
    expect(plan(running(timed), known({ status: running1() }), now)).toEqual({ kind: 'wait', until });
  });

  test('stops the attempt, also after a restart of the service', () => {
    const step = plan(running(timed), known({ status: running1() }), later(60_000));
    expect(step).toMatchObject({ kind: 'stop', ref: { container: id, attempt: 1 }, graceSeconds: 10 });
  });

  test('that was noted is acted on, however the clocks differ', () => {
    expect(plan(marked(), known({ status: running1() }), new Date(began)).kind).toBe('stop');
  });

  test('makes the end `failed`, whatever the exit code', () => {
    const end = settle(marked(), { status: ended(0) });
    expect(end).toMatchObject({ state: 'failed', reasonCode: 'timed_out' });
    expect(end.attempts).toMatchObject([{ state: 'failed', reason_code: 'timed_out', exit_code: 0 }]);
  });

  test('that was reached while nobody looked does not change how it ended', () => {
    expect(settle(running({ timeout: 1 }), { status: ended(0) })).toMatchObject({ state: 'exited', reason: null });
  });

  test('is tried again with back-off when the stop fails', () => {
    const observed = { status: running1(), ...failed('engine_unavailable', 1, later(60_000), 'stop') };
    expect(plan(running(timed), known(observed), later(60_000))).toEqual({ kind: 'wait', until: later(60_200) });
  });

  function marked(): StoredContainer {
    const attempts = [{ attempt: 1, reason: 'time is up', reason_code: 'timed_out' }];
    return mergeChanges(running(timed), { at: began, attempts });
  }
});

describe('what follows', () => {
  const nonZero = { status: ended(1) };
  const onFailure = (max?: number) => ({
    restart: max === undefined ? { policy: 'on-failure' as const } : { policy: 'on-failure' as const, max },
  });

  test.each([
    ['exit 1', {}, nonZero, 1],
    ['exit 0 with retries', { retries: 2 }, { status: ended(0) }, 1],
    ['exit 1 with retries', { retries: 2 }, nonZero, 3],
    ['exit 1 with on-failure:1', onFailure(1), nonZero, 2],
    ['exit 0 with on-failure', onFailure(), { status: ended(0) }, 1],
    ['exit 1 with on-failure without end', onFailure(), nonZero, 12],
    ['exit 1 with both, the larger counts', { ...onFailure(1), retries: 3 }, nonZero, 4],
    ['exit 1 with both, the larger counts', { ...onFailure(3), retries: 1 }, nonZero, 4],
    ['a loss', {}, { status: status('lost') }, 1],
    ['a loss with on-failure', onFailure(3), { status: status('lost') }, 1],
    ['a loss with retries', { retries: 1 }, { status: status('lost') }, 2],
    ['a refused start with retries', { retries: 1 }, { status: status('start_failed') }, 2],
    ['a refused start with on-failure', onFailure(3), { status: status('start_failed') }, 1],
    ['an impossible launch with retries', { retries: 1 }, failed('image_not_found', 1, now), 2],
    ['an impossible launch with on-failure', onFailure(3), failed('image_not_found', 1, now), 1],
    ['exit 1, always restarted but stopped by somebody', { restart: { policy: 'always' as const } }, nonZero, 1],
  ])('after %s: all attempts end like that, %#', (_, changes, observed, attempts) => {
    let container = newOne(changes);
    for (let round = 0; round < 11 && container.attempt === round + 1; round += 1) {
      const told = { ...observed, ...('status' in observed ? { status: of(observed.status, round + 1) } : {}) };
      container = settle(container, told, later(round * 100_000));
    }
    expect(container.attempt).toBe(attempts);
    if (attempts < 12) expect(['exited', 'failed', 'lost']).toContain(container.state);
    expect(container.attempts.map(({ launch }) => launch)).toEqual(Array.from({ length: attempts }, (__, n) => n + 1));
  });

  test('a failed attempt and the next one are kept as one, so that the container never looks final', () => {
    const step = plan(running({ retries: 1 }), known(nonZero), now);
    expect(step).toMatchObject({ kind: 'begin-attempt', number: 2 });
    const next = apply(running({ retries: 1 }), step);
    expect(next).toMatchObject({ state: 'submitted', attempt: 2 });
    expect(next.reason).toContain('exited with code 1');
    expect(states(next)).toEqual(['running 1', 'exited 1', 'submitted 2']);
  });

  test.each([
    [1, 100],
    [2, 200],
    [10, 51_200],
    [11, 60_000],
    [30, 60_000],
  ])('attempt after %i failed ones is launched %i ms after the last end', (failures, pause) => {
    const attempts = Array.from({ length: failures }, (_, index) => ({
      attempt: index + 1,
      state: 'exited' as const,
      exit_code: 1,
      finished_at: now.toISOString(),
    }));
    const container = mergeChanges(newOne({ retries: 100 }), {
      at: began,
      attempts: [...attempts, { attempt: failures + 1 }],
    });
    expect(plan(container, known({}), later(pause - 1))).toEqual({ kind: 'wait', until: later(pause) });
    const step = plan(container, known({}), later(pause));
    expect(step).toMatchObject({ kind: 'launch', attempt: failures + 1, order: { ref: { attempt: failures + 1 } } });
  });
});

describe('restart always', () => {
  const always = { restart: { policy: 'always' as const } };
  const second = '2024-05-06T07:00:05.000Z';
  const restarting = { ...ended(4), phase: 'restarting', exitCode: 4, starts: 2 } as const;

  test('an end before the next start is an attempt that ended, and the container is starting', () => {
    const told = settleOnce(running(always), { status: restarting });
    expect(told).toMatchObject({ state: 'starting', attempt: 1, attempts: [{ state: 'exited', exit_code: 4 }] });
    expect(plan(told, known({ status: restarting }), now)).toEqual({ kind: 'wait' });
  });

  test('each further start is an attempt of the same launch', () => {
    const before = settleOnce(running(always), { status: restarting });
    const status = { ...running1(), startedAt: second, starts: 2 };
    const told = settleOnce(before, { status });
    expect(told).toMatchObject({ state: 'running', attempt: 2 });
    expect(told.attempts).toMatchObject([
      { attempt: 1, launch: 1, state: 'exited', exit_code: 4 },
      { attempt: 2, launch: 1, state: 'running', started_at: second },
    ]);
    expect(plan(told, known({ status }), now)).toEqual({ kind: 'wait' });
  });

  test('starts that nobody saw are attempts too', () => {
    const told = settleOnce(running(always), { status: { ...running1(), startedAt: second, starts: 4 } });
    expect(told.attempts.map(({ attempt, state }) => `${attempt} ${state}`)).toEqual([
      '1 exited',
      '2 exited',
      '3 exited',
      '4 running',
    ]);
  });

  test('one that was stopped has ended, and lives again when the Engine starts it', () => {
    const end = settle(running(always), { status: ended(143) });
    expect(end.state).toBe('exited');
    expect(plan(end, known({ status: ended(143) }), now).kind).toBe('done');
    const again = settleOnce(end, { status: { ...running1(), startedAt: second } });
    expect(again).toMatchObject({ state: 'running', attempt: 2 });
  });
});

describe('a removal', () => {
  test.each([
    ['a new', newOne(), {}],
    ['a running', running(), { status: running1() }],
    ['an ended', settle(running(), { status: ended(0) }), { status: ended(0) }],
    ['a failing', newOne(), failed('engine_unavailable', 3, now)],
  ] as const)('of %s container comes before all else', (_, container, observed) => {
    const step = plan({ ...container, desired: 'removed', graceSeconds: 3 }, known(observed), now);
    expect(step).toEqual({ kind: 'remove', refs: [{ container: id, attempt: 1 }], graceSeconds: 3 });
  });

  test('takes every container that was made, each once', () => {
    const attempts = [{ attempt: 2, launch: 1 }, { attempt: 3 }, { attempt: 4, launch: 3 }];
    const container = mergeChanges(newOne(), { at: began, attempts });
    const step = plan({ ...container, desired: 'removed' }, known({}), now);
    expect(step.kind === 'remove' && step.refs.map(({ attempt }) => attempt)).toEqual([1, 3]);
  });

  test('that fails is tried again with back-off, the reason shown', () => {
    const removing = mergeChanges({ ...running(), desired: 'removed' }, { at: began, state: 'removing' });
    const observed = known(failed('engine_unavailable', 2, now, 'remove'));
    const told = apply(removing, plan(removing, observed, now));
    expect(told).toMatchObject({ state: 'removing', reasonCode: 'engine_unavailable' });
    expect(plan(told, observed, now)).toEqual({ kind: 'wait', until: later(400) });
    expect(plan(told, observed, later(400)).kind).toBe('remove');
  });
});

test.each([
  ['running', 'created', true],
  ['running', 'absent', true],
  ['ended', 'running', true],
  ['created', 'running', false],
  ['running', 'running', false],
  ['running', 'ended', false],
  ['ended', 'lost', false],
] as const)('after %s, %s is news of the past: %s', (before, told, expected) => {
  const of = (phase: AttemptStatus['phase']) =>
    ['absent', 'created', 'lost'].includes(phase) ? status(phase) : { ...running1(), phase };
  expect(isOvertaken(of(before), of(told))).toBe(expected);
});

test('a later start is news, an earlier one is not', () => {
  const newer = { ...running1(), startedAt: '2024-05-06T07:00:00.1Z' };
  expect(isOvertaken({ ...ended(1) }, newer)).toBe(false);
  expect(isOvertaken(newer, ended(1))).toBe(true);
});

function newOne(changes: Partial<Submission> = {}): StoredContainer {
  return {
    id,
    owner: 'ada',
    backend: 'docker',
    submission: { ...plainSubmission, ...changes },
    warnings: [],
    createdAt: began,
    state: 'submitted',
    reason: null,
    reasonCode: null,
    attempt: 1,
    desired: 'run',
    graceSeconds: 0,
    attempts: [newAttempt(1)],
    timeline: [],
    fetched: {},
  };
}

function inState(state: 'staging' | 'starting'): StoredContainer {
  return mergeChanges(newOne(), { at: began, state, attempts: [{ attempt: 1, state }] });
}

function running(changes: Partial<Submission> = {}): StoredContainer {
  const attempts = [{ attempt: 1, state: 'running', node: 'n', started_at: began } as const];
  return mergeChanges(newOne(changes), { at: began, state: 'running', attempts });
}

function status(phase: AttemptStatus['phase']): AttemptStatus {
  return { ref: { container: id, attempt: 1 }, node: 'n', phase, starts: 0, oomKilled: false, dockerState: {} };
}

function running1(): AttemptStatus {
  return { ...status('running'), starts: 1, startedAt: began };
}

function ended(exitCode: number): AttemptStatus {
  return { ...running1(), phase: 'ended', finishedAt: '2024-05-06T07:00:04.000Z', exitCode };
}

/** The same status of another attempt, which started at another time. */
function of(told: AttemptStatus, attempt: number): AttemptStatus {
  const startedAt = told.startedAt && new Date(Date.parse(told.startedAt) + attempt).toISOString();
  return { ...told, ref: { container: id, attempt }, ...(startedAt === undefined ? {} : { startedAt }) };
}

function failed(code: ErrorCode, tries: number, at: Date, kind: StepKind = 'launch') {
  const failure: Failure = { error: new BoatLoadError(code, 'why'), tries, at };
  return { failures: new Map([[kind, failure]]) };
}

function known(observed: Partial<Observed>): Observed {
  return { failures: new Map(), ...observed };
}

/** What the container is after a step that keeps facts. */
function apply(container: StoredContainer, step: Step): StoredContainer {
  if (!('changes' in step)) throw new Error(`the step ${step.kind} keeps nothing`);
  const changes: readonly ContainerChange[] = step.changes;
  return mergeChanges(container, changes);
}

function settleOnce(container: StoredContainer, observed: Partial<Observed>): StoredContainer {
  return apply(container, plan(container, known(observed), now));
}

/** What the container is after an end was told. */
function settle(container: StoredContainer, observed: Partial<Observed>, at: Date = now): StoredContainer {
  return apply(container, plan(container, known(observed), at));
}

function states({ timeline }: StoredContainer): string[] {
  return timeline.map(({ state, attempt }) => `${state} ${attempt}`);
}
