import type { AttemptOrder } from '@boatload/contract';
import type { ContainerCreation, VolumeMount } from '@boatload/engine';
import { type OverlayFeatures, viewOptions } from '../mounts/view-volume.ts';
import type { MountRecord } from '../state/attempt-record.ts';
import type { LogDriver } from './log-driver.ts';
import type { ScriptPlan } from './plan-script.ts';
import { type DataProxy, planProxy } from './proxy-environment.ts';

export interface CreationInput {
  readonly order: AttemptOrder;
  readonly script: ScriptPlan | undefined;
  readonly mounts: readonly MountRecord[];
  /** How those of them that are views are mounted. Default: nothing is turned off. */
  readonly overlayFeatures?: OverlayFeatures;
  /** Labels by which we find what is ours; they win over the user's. */
  readonly labels: Readonly<Record<string, string>>;
  readonly logDriver: LogDriver;
  /** For orders that want it. Default: there is none. */
  readonly dataProxy?: DataProxy | undefined;
}

/** Enough for any computation, too few to starve the node. */
const mostProcesses = 4_096;

/**
 * Output is kept in full up to 1 GiB on the node; of more than that at least the last 1 GiB stays. (One file
 * alone would be cut to nothing each time it is full.)
 */
const logSize = { 'max-size': '1g', 'max-file': '2' } as const;

/** What the Engine is told to create for an order. */
export function planCreation(input: CreationInput): ContainerCreation {
  const { order } = input;
  const proxy = planProxy(order, input.dataProxy);
  const workdir = order.workdir ?? (order.data === undefined ? undefined : order.datapath);
  return {
    Image: order.image,
    ...planCommand(order, input.script),
    Env: Object.entries({ ...proxy.env, ...order.env }).map(([key, value]) => `${key}=${value}`),
    Labels: { ...order.labels, ...input.labels },
    ...(workdir === undefined ? {} : { WorkingDir: workdir }),
    ...(order.user === undefined ? {} : { User: order.user }),
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    HostConfig: {
      Mounts: input.mounts.filter(({ kind }) => kind !== 'image').map((mount) => planMount(mount, input)),
      RestartPolicy: { Name: order.restartAlways ? 'always' : 'no' },
      ...(order.cpus === undefined ? {} : { NanoCpus: Math.round(order.cpus * 1e9) }),
      // The same for both: no swap, so that a limit is the limit.
      ...(order.memory === undefined ? {} : { Memory: order.memory, MemorySwap: order.memory }),
      PidsLimit: mostProcesses,
      ExtraHosts: proxy.extraHosts,
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: input.logDriver, Config: logSize },
    },
  };
}

/** With a script, that is what runs; without one the image's own command, or what stands in for it. */
function planCommand(
  order: AttemptOrder,
  script: ScriptPlan | undefined,
): Pick<ContainerCreation, 'Entrypoint' | 'Cmd'> {
  const entrypoint = order.entrypoint ?? [];
  if (script !== undefined) {
    const [first = '', ...rest] = [...entrypoint, ...script.command, ...order.args];
    return { Entrypoint: [first], Cmd: rest };
  }
  return {
    ...(entrypoint.length === 0 ? {} : { Entrypoint: entrypoint }),
    ...(order.args.length === 0 ? {} : { Cmd: order.args }),
  };
}

function planMount({ path, volume = '', view }: MountRecord, input: CreationInput): VolumeMount {
  const { labels: Labels, overlayFeatures = [] } = input;
  const DriverConfig = view && ({ Name: 'local', Options: viewOptions(view, overlayFeatures) } as const);
  const VolumeOptions = { NoCopy: true, Labels, ...(DriverConfig === undefined ? {} : { DriverConfig }) };
  return { Type: 'volume', Source: volume, Target: path, VolumeOptions };
}
