import { type FleetState, StateAnswer } from '@boatload/contract';
import type { FastifyInstance } from 'fastify';
import { attemptOf } from '../../services/reads/attempts.ts';
import type { StoredAttempt, StoredContainer } from '../../store/records.ts';
import { attemptQuery, findContainer, type RouteContext, readOptions } from '../context.ts';

/** GET /v1/container/ID/state */
export function stateRoute(app: FastifyInstance, context: RouteContext): void {
  const schema = {
    summary: 'The state, also in the words of the Engine and of systemd',
    tags: ['containers'],
    querystring: attemptQuery,
    response: { 200: StateAnswer },
  };
  app.get('/v1/container/:id/state', { schema }, async (request, reply) => {
    const container = await findContainer(context, request);
    const { attempt: number } = readOptions(request, reply);
    const attempt = attemptOf(container, number);
    const isLast = attempt.attempt === container.attempt;
    const progress = isLast ? context.progress(container.id) : undefined;
    return { ...renderState(container, attempt, number !== undefined), progress: progress ?? null };
  });
}

function renderState(
  container: StoredContainer,
  attempt: StoredAttempt,
  asked: boolean,
): Omit<StateAnswer, 'progress'> {
  const { state, reason, reason_code } = asked
    ? attempt
    : { state: container.state, reason: container.reason, reason_code: container.reasonCode };
  return {
    state,
    reason,
    reason_code,
    attempt: attempt.attempt,
    node: attempt.node,
    fleet_state: { name: `boatload-${container.id}.service`, loadState: 'loaded', ...systemdState(state, attempt) },
    docker_state: attempt.dockerState,
  };
}

/** What systemd would say of a unit that runs the container. */
function systemdState(
  state: StoredContainer['state'],
  attempt: StoredAttempt,
): Pick<FleetState, 'activeState' | 'subState'> {
  switch (state) {
    case 'submitted':
      return { activeState: 'inactive', subState: 'dead' };
    case 'staging':
      return { activeState: 'activating', subState: 'start-pre' };
    case 'starting':
      return { activeState: 'activating', subState: 'start' };
    case 'running':
      return { activeState: 'active', subState: 'running' };
    case 'removing':
      return { activeState: 'deactivating', subState: 'stop' };
    case 'exited':
      return attempt.exit_code === 0
        ? { activeState: 'inactive', subState: 'dead' }
        : { activeState: 'failed', subState: 'failed' };
    case 'failed':
    case 'lost':
      return { activeState: 'failed', subState: 'failed' };
  }
}
