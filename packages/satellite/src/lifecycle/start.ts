import { type AttemptRef, type AttemptStatus, BoatLoadError } from '@boatload/contract';
import {
  type ContainerInspection,
  convertStartFailure,
  inspectContainer,
  refusalOf,
  renameContainer,
  startContainer,
} from '@boatload/engine';
import { isPrepared, type PreparedRecord } from '../state/attempt-record.ts';
import { permitName, type StartPermit } from '../state/attempt-store.ts';
import type { SatelliteContext } from './context.ts';
import { readStatus, wasStarted } from './status.ts';

/**
 * Starts a prepared attempt, once and never again. The permit is on disk before the Engine is asked, and the
 * Engine is asked by the name in the permit. When nobody knows how that went (we were killed, the connection
 * broke), the container is renamed: a request that is still under way then finds nothing under its name, and
 * only if the container still never ran a new permit is used for the new name.
 */
export async function startAttempt(
  context: SatelliteContext,
  ref: AttemptRef,
  signal: AbortSignal | undefined,
): Promise<AttemptStatus> {
  const record = await context.store.read(ref);
  if (!isPrepared(record)) {
    throw new BoatLoadError(
      'conflict',
      `Attempt ${ref.attempt} of ${ref.container} was not prepared: prepare it first.`,
    );
  }
  const used = await context.store.lastPermit(ref);
  const generation = used === undefined ? 1 : await nextGeneration(context, record, { used, signal });
  if (generation !== undefined) {
    await context.launching(() => askForStart(context, record, { generation, signal }), signal);
  }
  return await readStatus(context, ref, signal);
}

/** The generation of the next permit; undefined where the outcome of the last is clear and final. */
async function nextGeneration(
  context: SatelliteContext,
  record: PreparedRecord,
  { used, signal }: { readonly used: StartPermit; readonly signal: AbortSignal | undefined },
): Promise<number | undefined> {
  if ((await context.store.readRefusal(record.ref)) !== undefined) return undefined;
  const options = signal === undefined ? {} : { signal };
  const before = await inspectContainer(context.engine, record.containerId, options);
  if (before === undefined || isDecided(before)) return undefined;
  const generation = used.generation + 1;
  const name = permitName(record.ref, generation);
  if (before.name !== name) await renameContainer(context.engine, record.containerId, { ...options, name });
  const after = await inspectContainer(context.engine, record.containerId, options);
  if (after === undefined || isDecided(after)) return undefined;
  context.log.warn(
    { ...record.ref, name },
    'a start whose outcome was unknown never happened: started under a new name',
  );
  return generation;
}

/** Whether the Engine started the container or says why it could not. */
function isDecided(found: ContainerInspection): boolean {
  return wasStarted(found.state) || (found.state.Error ?? '') !== '';
}

async function askForStart(
  context: SatelliteContext,
  record: PreparedRecord,
  { generation, signal }: { readonly generation: number; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const permit = await context.store.usePermit(record.ref, generation);
  try {
    await startContainer(context.engine, permit.name, options);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw error;
    const found = await inspectContainer(context.engine, record.containerId, options);
    if (found === undefined || wasStarted(found.state)) return;
    const { code, message } = convertStartFailure(refusal.reason, record.subject);
    await context.store.writeRefusal(record.ref, { code, message });
    context.log.info({ ...record.ref, code, reason: refusal.reason }, 'the Engine refused a start');
    context.changed(record.ref);
  }
}
