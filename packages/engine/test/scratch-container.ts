import { randomUUID } from 'node:crypto';
import {
  createContainer,
  type Engine,
  readLogFrames,
  removeContainer,
  removeVolume,
  startContainer,
} from '../src/index.ts';

export interface ScratchOptions {
  /** What /bin/sh runs. With `ready`, it must print `ready` and go on; otherwise its end is waited for. */
  readonly script: string;
  readonly ready?: boolean;
  readonly image?: string;
  readonly logDriver?: 'json-file' | 'local';
  /** Where volumes of its own are mounted; those with a name may exist already, and go away like all others. */
  readonly volumes?: readonly (string | { readonly path: string; readonly volume: string })[];
  /** Default: the image's. */
  readonly user?: string;
  /** Called when the container exists, before it is started. */
  readonly beforeStart?: (scratch: ScratchContainer) => Promise<void>;
}

/** A container made for a test, and the volumes that go away with it. */
export interface ScratchContainer extends AsyncDisposable {
  readonly id: string;
  readonly mounts: readonly { readonly path: string; readonly volume: string; readonly kind: 'data' }[];
}

export const sampleImage = 'boatload/sample:latest';

/** Makes a container and brings it to where the test needs it. */
export async function makeScratch(engine: Engine, options: ScratchOptions): Promise<ScratchContainer> {
  const name = `boatload-test-${randomUUID()}`;
  const mounts = (options.volumes ?? []).map((volume, at) => {
    const named = typeof volume === 'string' ? { path: volume, volume: `${name}-${at}` } : volume;
    return { ...named, kind: 'data' as const };
  });
  const id = await createContainer(engine, name, {
    creation: {
      Image: options.image ?? sampleImage,
      Entrypoint: ['/bin/sh', '-c', options.script],
      Labels: { 'boatload.test': name },
      ...(options.user === undefined ? {} : { User: options.user }),
      HostConfig: {
        LogConfig: { Type: options.logDriver ?? 'json-file', Config: {} },
        Mounts: mounts.map(({ path, volume }) => ({
          Type: 'volume',
          Source: volume,
          Target: path,
          VolumeOptions: { NoCopy: true, Labels: { 'boatload.test': name } },
        })),
      },
    },
  });
  const scratch = {
    id,
    mounts,
    async [Symbol.asyncDispose](): Promise<void> {
      await removeContainer(engine, id);
      for (const mount of mounts) await removeVolume(engine, mount.volume);
    },
  };
  try {
    await options.beforeStart?.(scratch);
    await startContainer(engine, id);
    if (options.ready === true) await seeReady(engine, id);
    else await engine.json({ method: 'POST', path: `/containers/${id}/wait` });
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
  return scratch;
}

async function seeReady(engine: Engine, id: string): Promise<void> {
  for await (const frame of readLogFrames(engine, id, { follow: true, signal: AbortSignal.timeout(30_000) })) {
    if (Buffer.from(frame.data).toString() === 'ready\n') return;
  }
  throw new Error('The container ended before it was ready.');
}
