import type { Attempt, Container, Progress, Source } from '@boatload/contract';
import type { FetchedBlob, StoredAttempt, StoredContainer } from '../store/records.ts';

/** A container as answers show it. Registry log-ins are not part of it. */
export function renderContainer(container: StoredContainer, progress?: Progress): Container {
  const { submission, attempts } = container;
  const last = attempts.at(-1);
  return {
    id: container.id,
    name: submission.name ?? null,
    owner: container.owner,
    backend: container.backend,
    state: container.state,
    reason: container.reason,
    reason_code: container.reasonCode,
    exit_code: last?.exit_code ?? null,
    attempt: container.attempt,
    node: last?.node ?? null,
    created_at: container.createdAt,
    started_at: last?.started_at ?? null,
    finished_at: last?.finished_at ?? null,
    image_name: submission.image.name,
    image_tag: submission.image.tag,
    ...renderFiles(container),
    container_args: [...submission.args],
    entrypoint: listOrNull(submission.entrypoint),
    interpreter: listOrNull(submission.interpreter),
    env: submission.env,
    labels: submission.labels,
    restart: renderRestart(submission.restart),
    retries: submission.retries,
    timeout: submission.timeout ?? null,
    cpus: submission.cpus ?? null,
    memory: submission.memory ?? null,
    workdir: submission.workdir ?? null,
    user: submission.user ?? null,
    pull: submission.pull,
    progress: progress ?? null,
    attempts: attempts.map(renderAttempt),
    timeline: [...container.timeline],
    warnings: [...container.warnings],
  };
}

function renderAttempt({ launch: _launch, dockerState: _dockerState, ...attempt }: StoredAttempt): Attempt {
  return attempt;
}

type FileFields = Pick<
  Container,
  | 'scriptname'
  | 'scripturl'
  | 'script_size'
  | 'script_sha256'
  | 'dataurl'
  | 'data_name'
  | 'data_size'
  | 'data_sha256'
  | 'unpack'
  | 'fetch'
  | 'data_proxy'
  | 'datapath'
>;

function renderFiles({ submission, fetched }: StoredContainer): FileFields {
  return {
    scriptname: submission.scriptname ?? null,
    scripturl: urlOf(submission.script),
    script_size: sizeOf(submission.script),
    script_sha256: digestOf(submission.script, fetched.script),
    unpack: submission.unpack ?? true,
    fetch: submission.fetch ?? 'node',
    data_proxy: submission.dataProxy ?? false,
    dataurl: urlOf(submission.data),
    data_name: submission.dataName ?? null,
    data_size: sizeOf(submission.data),
    data_sha256: digestOf(submission.data, fetched.data),
    datapath: submission.datapath ?? null,
  };
}

function urlOf(source: Source | undefined): string | null {
  return source?.kind === 'url' ? withoutPassword(source.url) : null;
}

/** A URL as it may be shown: what was sent with it to log in is a secret. */
function withoutPassword(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.password === '') return url;
  parsed.password = '***';
  return parsed.href;
}

function sizeOf(source: Source | undefined): number | null {
  return source?.kind === 'blob' ? source.size : null;
}

function digestOf(source: Source | undefined, fetched: FetchedBlob | undefined): string | null {
  return (source?.kind === 'blob' ? source.digest : source?.sha256) ?? fetched?.digest ?? null;
}

function listOrNull(words: readonly string[] | undefined): string[] | null {
  return words === undefined ? null : [...words];
}

function renderRestart({ policy, max }: StoredContainer['submission']['restart']): string {
  return max === undefined ? policy : `${policy}:${max}`;
}
