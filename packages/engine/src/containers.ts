import type { CallOptions, DockerState } from '@boatload/contract';
import type { Engine } from './connect.ts';
import { isNotThere } from './errors.ts';
import {
  flagMember,
  listMember,
  member,
  numberMember,
  textListMember,
  textMember,
  textsMember,
} from './json-fields.ts';

export type Labels = Readonly<Record<string, string>>;

/** A volume to be mounted, made by the Engine if it does not exist. */
export interface VolumeMount {
  readonly Type: 'volume';
  readonly Source: string;
  readonly Target: string;
  readonly VolumeOptions: {
    readonly NoCopy: boolean;
    readonly Labels: Labels;
    /** How the volume is made; default: an empty one of the driver `local`. */
    readonly DriverConfig?: { readonly Name: 'local'; readonly Options: Labels };
  };
}

/** What the Engine is told of a container to create: the part of its API that we use, by its own names. */
export interface ContainerCreation {
  readonly Image: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Env?: readonly string[];
  readonly Labels?: Labels;
  readonly WorkingDir?: string;
  readonly User?: string;
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly OpenStdin?: boolean;
  readonly Tty?: boolean;
  readonly HostConfig?: {
    readonly Mounts?: readonly VolumeMount[];
    readonly RestartPolicy?: { readonly Name: 'no' | 'always' };
    readonly NanoCpus?: number;
    readonly Memory?: number;
    readonly MemorySwap?: number;
    readonly PidsLimit?: number;
    /** `name:address`, or `name:host-gateway` for the Engine's own machine (Engine 20.10). */
    readonly ExtraHosts?: readonly string[];
    readonly SecurityOpt?: readonly string[];
    readonly LogConfig?: { readonly Type: string; readonly Config: Labels };
  };
}

export interface ContainerInspection {
  readonly id: string;
  /** Without the Engine's leading slash. */
  readonly name: string;
  readonly labels: Labels;
  /** How often the Engine started it again by its restart policy. */
  readonly restartCount: number;
  readonly state: DockerState;
  readonly mounts: readonly { readonly type: string; readonly volume: string; readonly path: string }[];
}

export interface ContainerListed {
  readonly id: string;
  /** Without the Engine's leading slash. */
  readonly name: string;
  readonly labels: Labels;
}

/** @returns the new container's id */
export async function createContainer(
  engine: Engine,
  name: string,
  options: CallOptions & { readonly creation: ContainerCreation },
): Promise<string> {
  const answer = await engine.json({
    method: 'POST',
    path: '/containers/create',
    query: { name },
    json: options.creation,
    signal: options.signal,
  });
  return textMember(answer, 'Id');
}

/** Starts a container by id or name. An exited one runs again; one that runs is left alone. */
export async function startContainer(engine: Engine, target: string, options: CallOptions = {}): Promise<void> {
  await post(engine, `/containers/${encodeURIComponent(target)}/start`, options);
}

/** Ends a container with its stop signal, then KILL. Nothing happens if it does not run or does not exist. */
export async function stopContainer(
  engine: Engine,
  target: string,
  options: CallOptions & { readonly graceSeconds?: number } = {},
): Promise<void> {
  const path = `/containers/${encodeURIComponent(target)}/stop?t=${Math.round(options.graceSeconds ?? 10)}`;
  await unlessGone(post(engine, path, options));
}

/** Sends a signal, KILL by default. @throws engine_error when it does not run */
export async function killContainer(
  engine: Engine,
  target: string,
  options: CallOptions & { readonly signalName?: string } = {},
): Promise<void> {
  const path = `/containers/${encodeURIComponent(target)}/kill?signal=${options.signalName ?? 'KILL'}`;
  await post(engine, path, options);
}

/** Removes a container, killing it if it runs, with its anonymous volumes. Nothing happens if it does not exist. */
export async function removeContainer(engine: Engine, target: string, options: CallOptions = {}): Promise<void> {
  const removal = engine.json({
    method: 'DELETE',
    path: `/containers/${encodeURIComponent(target)}`,
    query: { force: true, v: true },
    signal: options.signal,
  });
  await unlessGone(removal);
}

/** @throws engine_error (409) when the name is taken */
export async function renameContainer(
  engine: Engine,
  target: string,
  options: CallOptions & { readonly name: string },
): Promise<void> {
  await post(
    engine,
    `/containers/${encodeURIComponent(target)}/rename?name=${encodeURIComponent(options.name)}`,
    options,
  );
}

/** What the Engine knows of a container, by id or name; undefined if it does not exist. */
export async function inspectContainer(
  engine: Engine,
  target: string,
  options: CallOptions = {},
): Promise<ContainerInspection | undefined> {
  const path = `/containers/${encodeURIComponent(target)}/json`;
  const found = await unlessGone(engine.json({ method: 'GET', path, signal: options.signal }));
  return found === undefined ? undefined : readInspection(found);
}

/** Every container, running or not, that carries all the labels. */
export async function listContainers(
  engine: Engine,
  labels: Labels,
  options: CallOptions = {},
): Promise<readonly ContainerListed[]> {
  const query = { all: true, filters: labelFilter(labels) };
  const found = await engine.json({ method: 'GET', path: '/containers/json', query, signal: options.signal });
  if (!Array.isArray(found)) return [];
  return found.map((item: unknown) => ({
    id: textMember(item, 'Id'),
    name: (textListMember(item, 'Names')[0] ?? '').replace(/^\//, ''),
    labels: textsMember(item, 'Labels'),
  }));
}

/** The Engine's `filters` parameter that asks for labels. */
export function labelFilter(labels: Labels, more: Readonly<Record<string, readonly string[]>> = {}): string {
  return JSON.stringify({ ...more, label: Object.entries(labels).map(([key, value]) => `${key}=${value}`) });
}

/** Turns the Engine's 404 into undefined. */
export async function unlessGone<Value>(call: Promise<Value>): Promise<Value | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isNotThere(error)) return undefined;
    throw error;
  }
}

async function post(engine: Engine, path: string, options: CallOptions): Promise<void> {
  await engine.json({ method: 'POST', path, signal: options.signal });
}

function readInspection(found: unknown): ContainerInspection {
  return {
    id: textMember(found, 'Id'),
    name: textMember(found, 'Name').replace(/^\//, ''),
    labels: textsMember(member(found, 'Config'), 'Labels'),
    restartCount: numberMember(found, 'RestartCount'),
    state: readState(member(found, 'State')),
    mounts: listMember(found, 'Mounts').map((mount) => ({
      type: textMember(mount, 'Type'),
      volume: textMember(mount, 'Name'),
      path: textMember(mount, 'Destination'),
    })),
  };
}

function readState(state: unknown): DockerState {
  return {
    Paused: flagMember(state, 'Paused'),
    FinishedAt: textMember(state, 'FinishedAt'),
    StartedAt: textMember(state, 'StartedAt'),
    Restarting: flagMember(state, 'Restarting'),
    Dead: flagMember(state, 'Dead'),
    ExitCode: numberMember(state, 'ExitCode'),
    Error: textMember(state, 'Error'),
    OOMKilled: flagMember(state, 'OOMKilled'),
    Pid: numberMember(state, 'Pid'),
    Running: flagMember(state, 'Running'),
    Status: textMember(state, 'Status'),
  };
}
