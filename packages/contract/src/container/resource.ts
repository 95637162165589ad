import { type Static, Type } from 'typebox';
import { Progress } from './progress.ts';
import { fetchPlaces } from './spec.ts';
import { ContainerState, TimelineEntry } from './states.ts';

export const containerIdPattern = '^[0-9a-f]{32}$';

const Maybe = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const Time = Type.String({ format: 'date-time' });

/** One start of a real container on a node. */
export const Attempt = Type.Object(
  {
    attempt: Type.Integer({ minimum: 1 }),
    state: ContainerState,
    node: Maybe(Type.String()),
    started_at: Maybe(Time),
    finished_at: Maybe(Time),
    exit_code: Maybe(Type.Integer()),
    oom_killed: Type.Boolean(),
    reason: Maybe(Type.String()),
    reason_code: Maybe(Type.String()),
  },
  { $id: 'Attempt' },
);
export type Attempt = Static<typeof Attempt>;

/** What is wrong with a request without being wrong enough to refuse it. */
export const Warning = Type.Object(
  { code: Type.String(), field: Type.String(), detail: Type.String() },
  { $id: 'Warning' },
);
export type Warning = Static<typeof Warning>;

/** A container as every answer shows it: POST's answer, list items and info alike. */
export const Container = Type.Object(
  {
    id: Type.String({ pattern: containerIdPattern }),
    name: Maybe(Type.String()),
    owner: Type.String(),
    backend: Type.String(),
    state: ContainerState,
    reason: Maybe(Type.String()),
    reason_code: Maybe(Type.String()),
    exit_code: Maybe(Type.Integer()),
    attempt: Type.Integer({ minimum: 1, description: 'The number of the last attempt' }),
    node: Maybe(Type.String()),
    created_at: Time,
    started_at: Maybe(Time),
    finished_at: Maybe(Time),
    image_name: Type.String(),
    image_tag: Type.String(),
    scriptname: Maybe(Type.String()),
    scripturl: Maybe(Type.String()),
    script_size: Maybe(Type.Integer({ description: 'bytes, where the script was submitted itself' })),
    script_sha256: Maybe(Type.String({ description: 'Of the script, as far as it is known before it is fetched' })),
    dataurl: Maybe(Type.String()),
    data_name: Maybe(Type.String({ description: 'File name of the submitted data' })),
    data_size: Maybe(Type.Integer({ description: 'bytes, where the data were submitted themselves' })),
    data_sha256: Maybe(Type.String({ description: 'Of the data, as far as it is known before they are fetched' })),
    unpack: Type.Boolean({ description: 'Whether data that are an archive are unpacked' }),
    fetch: Type.Enum([...fetchPlaces], { description: 'Who fetches scripturl and dataurl' }),
    data_proxy: Type.Boolean({ description: 'Whether it is told to fetch through the data proxy' }),
    datapath: Maybe(Type.String()),
    container_args: Type.Array(Type.String()),
    entrypoint: Maybe(Type.Array(Type.String())),
    interpreter: Maybe(Type.Array(Type.String())),
    env: Type.Record(Type.String(), Type.String()),
    labels: Type.Record(Type.String(), Type.String()),
    restart: Type.String(),
    retries: Type.Integer(),
    timeout: Maybe(Type.Number()),
    cpus: Maybe(Type.Number()),
    memory: Maybe(Type.Integer({ description: 'bytes' })),
    workdir: Maybe(Type.String()),
    user: Maybe(Type.String()),
    pull: Type.Enum(['missing', 'always', 'never']),
    progress: Maybe(Progress),
    attempts: Type.Array(Attempt),
    timeline: Type.Array(TimelineEntry),
    warnings: Type.Array(Warning),
  },
  { $id: 'Container' },
);
export type Container = Static<typeof Container>;
