import type { Progress, TimelineEntry, Warning } from '@boatload/contract';
import { decodeColumn, encodeColumn } from './column-codec.ts';
import type { NewContainer, StoredAttempt, StoredContainer, Submission } from './records.ts';
import type { AttemptRow, BlobReferenceRow, ContainerRow, LabelRow, TimelineRow } from './schema.ts';

export function containerRowOf(container: StoredContainer): ContainerRow {
  const { image, name } = container.submission;
  return {
    id: container.id,
    owner: container.owner,
    backend: container.backend,
    submission: encodeColumn(container.submission),
    warnings: encodeColumn(container.warnings),
    name: name ?? null,
    image_name: image.name,
    image: `${image.name}:${image.tag}`,
    created_at: container.createdAt,
    ...containerFactsOf(container),
  };
}

/** The columns that change in a container's life. */
export function containerFactsOf(container: StoredContainer) {
  return {
    state: container.state,
    reason: container.reason,
    reason_code: container.reasonCode,
    desired: container.desired,
    grace_seconds: container.graceSeconds,
    fetched: Object.keys(container.fetched).length === 0 ? null : encodeColumn(container.fetched),
  };
}

export function attemptRowOf(containerId: string, attempt: StoredAttempt): AttemptRow {
  const { dockerState, oom_killed, ...facts } = attempt;
  const row = { container_id: containerId, oom_killed: oom_killed ? 1 : 0, docker_state: encodeColumn(dockerState) };
  return { ...facts, ...row };
}

export function timelineRowOf(containerId: string, seq: number, entry: TimelineEntry): TimelineRow {
  return { container_id: containerId, seq, ...entry, progress: entry.progress && encodeColumn(entry.progress) };
}

export function labelRowsOf({ id, submission }: NewContainer): LabelRow[] {
  return Object.entries(submission.labels).map(([key, value]) => ({ container_id: id, key, value }));
}

/** One row per blob that the submission refers to. */
export function blobReferenceRowsOf({ id, submission }: NewContainer): BlobReferenceRow[] {
  const sources = [submission.script, submission.data];
  const digests = sources.flatMap((source) => (source?.kind === 'blob' ? [source.digest] : []));
  return [...new Set(digests)].map((digest) => ({ container_id: id, digest }));
}

/** What belongs to a container in other tables, in order. */
export interface ContainerParts {
  readonly attempts: readonly AttemptRow[];
  readonly timeline: readonly TimelineRow[];
}

export function containerOf(row: ContainerRow, parts: ContainerParts): StoredContainer {
  const attempts = parts.attempts.map(attemptOf);
  return {
    id: row.id,
    owner: row.owner,
    backend: row.backend,
    submission: decodeColumn<Submission>(row.submission),
    warnings: decodeColumn<Warning[]>(row.warnings),
    createdAt: row.created_at,
    // Only `containerFactsOf` writes these two columns.
    state: row.state as StoredContainer['state'],
    desired: row.desired as StoredContainer['desired'],
    reason: row.reason,
    reasonCode: row.reason_code,
    attempt: attempts.at(-1)?.attempt ?? 1,
    graceSeconds: row.grace_seconds,
    attempts,
    timeline: parts.timeline.map(timelineEntryOf),
    fetched: row.fetched === null ? {} : decodeColumn<StoredContainer['fetched']>(row.fetched),
  };
}

function attemptOf({ container_id, docker_state, oom_killed, state, ...facts }: AttemptRow): StoredAttempt {
  return {
    ...facts,
    // Only `attemptRowOf` writes this column.
    state: state as StoredAttempt['state'],
    oom_killed: oom_killed !== 0,
    dockerState: decodeColumn(docker_state),
  };
}

function timelineEntryOf({ container_id, seq, state, progress, ...entry }: TimelineRow): TimelineEntry {
  const staged = progress === null ? null : decodeColumn<Progress[]>(progress);
  // Only `timelineRowOf` writes this column.
  return { ...entry, state: state as TimelineEntry['state'], progress: staged };
}
