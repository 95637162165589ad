import { type Static, Type } from 'typebox';
import { Progress } from './progress.ts';
import { ContainerState } from './states.ts';

/** The Engine's own `State` object, by its own names; empty before the start. */
export const DockerState = Type.Partial(
  Type.Object({
    Paused: Type.Boolean(),
    FinishedAt: Type.String(),
    StartedAt: Type.String(),
    Restarting: Type.Boolean(),
    Dead: Type.Boolean(),
    ExitCode: Type.Integer(),
    Error: Type.String(),
    OOMKilled: Type.Boolean(),
    Pid: Type.Integer(),
    Running: Type.Boolean(),
    Status: Type.String(),
  }),
  { $id: 'DockerState' },
);
export type DockerState = Static<typeof DockerState>;

/** The state in the words of systemd, as fleet told it. */
export const FleetState = Type.Object(
  { name: Type.String(), activeState: Type.String(), loadState: Type.String(), subState: Type.String() },
  { $id: 'FleetState' },
);
export type FleetState = Static<typeof FleetState>;

export const StateAnswer = Type.Object(
  {
    state: ContainerState,
    reason: Type.Union([Type.String(), Type.Null()]),
    reason_code: Type.Union([Type.String(), Type.Null()]),
    attempt: Type.Integer({ minimum: 1 }),
    node: Type.Union([Type.String(), Type.Null()]),
    progress: Type.Union([Progress, Type.Null()], { description: 'While it is staged; null when that is over' }),
    fleet_state: FleetState,
    docker_state: DockerState,
  },
  { $id: 'StateAnswer' },
);
export type StateAnswer = Static<typeof StateAnswer>;

/** Use of resources at one moment; all zero before the start, and current values zero after the end. */
export const Metrics = Type.Object(
  {
    at: Type.String({ format: 'date-time' }),
    running: Type.Boolean(),
    cpu: Type.Object({
      usage_seconds: Type.Number({ description: 'processor time since the start' }),
      percent: Type.Number({ description: 'of one processor, over the last second' }),
    }),
    memory: Type.Object({
      usage_bytes: Type.Integer({ description: 'without reclaimable page cache' }),
      max_usage_bytes: Type.Integer(),
      limit_bytes: Type.Integer({ description: "the container's limit, or the node's memory" }),
    }),
    network: Type.Object({ rx_bytes: Type.Integer(), tx_bytes: Type.Integer() }),
    block_io: Type.Object({ read_bytes: Type.Integer(), write_bytes: Type.Integer() }),
    pids: Type.Object({ current: Type.Integer() }),
  },
  { $id: 'Metrics' },
);
export type Metrics = Static<typeof Metrics>;

/** The metrics of a container that doesn't run. */
export function idleMetrics(): Metrics {
  return {
    at: new Date().toISOString(),
    running: false,
    cpu: { usage_seconds: 0, percent: 0 },
    memory: { usage_bytes: 0, max_usage_bytes: 0, limit_bytes: 0 },
    network: { rx_bytes: 0, tx_bytes: 0 },
    block_io: { read_bytes: 0, write_bytes: 0 },
    pids: { current: 0 },
  };
}

export const changeKinds = ['added', 'modified', 'deleted'] as const;
export const fileTypes = ['file', 'directory', 'symlink', 'fifo', 'socket', 'char', 'block'] as const;

/** One path that the container changed. For a deleted one type, size, mode and mtime are null. */
export const FileChange = Type.Object(
  {
    path: Type.String(),
    path_b64: Type.Optional(Type.String({ description: 'The bytes of the path, where they are not UTF-8' })),
    kind: Type.Enum([...changeKinds]),
    type: Type.Union([Type.Enum([...fileTypes]), Type.Null()]),
    size: Type.Union([Type.Integer({ description: 'bytes' }), Type.Null()]),
    mode: Type.Union([Type.Integer({ description: 'permission bits' }), Type.Null()]),
    mtime: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  },
  { $id: 'FileChange' },
);
export type FileChange = Static<typeof FileChange>;

/** A changed regular file, with the number by which `filebynum` finds it. */
export const ChangedFile = Type.Object(
  {
    number: Type.Integer({ minimum: 0 }),
    path: Type.String(),
    path_b64: Type.Optional(Type.String()),
    size: Type.Integer({ description: 'bytes' }),
    mode: Type.Integer(),
    mtime: Type.String({ format: 'date-time' }),
  },
  { $id: 'ChangedFile' },
);
export type ChangedFile = Static<typeof ChangedFile>;

/** One entry of a directory, when `file/PATH` names one. */
export const DirectoryEntry = Type.Object(
  {
    name: Type.String(),
    name_b64: Type.Optional(Type.String()),
    type: Type.Enum([...fileTypes]),
    size: Type.Integer({ description: 'bytes' }),
    mode: Type.Integer(),
    mtime: Type.String({ format: 'date-time' }),
  },
  { $id: 'DirectoryEntry' },
);
export type DirectoryEntry = Static<typeof DirectoryEntry>;

export const Output = Type.Object({ stdout: Type.String(), stderr: Type.String() }, { $id: 'Output' });
export type Output = Static<typeof Output>;
