import type { CallOptions } from '@boatload/contract';
import type { Engine } from './connect.ts';
import { listMember, numberMember, textListMember, textMember } from './json-fields.ts';

export interface EngineDescription {
  /** `Docker Engine`, `Podman Engine`. */
  readonly name: string;
  readonly version: string;
  readonly storageDriver: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** As the Engine writes them: `name=seccomp,profile=default`, `name=userns`, `name=rootless`. */
  readonly securityOptions: readonly string[];
}

/** What an Engine says of itself and its machine. */
export async function describeEngine(engine: Engine, options: CallOptions = {}): Promise<EngineDescription> {
  const [info, version] = await Promise.all([
    engine.json({ method: 'GET', path: '/info', signal: options.signal }),
    engine.json({ method: 'GET', path: '/version', signal: options.signal }),
  ]);
  const component = textMember(listMember(version, 'Components')[0], 'Name');
  return {
    name: component === '' || component === 'Engine' ? 'Docker Engine' : component,
    version: textMember(version, 'Version'),
    storageDriver: textMember(info, 'Driver'),
    cpus: numberMember(info, 'NCPU'),
    memory: numberMember(info, 'MemTotal'),
    securityOptions: textListMember(info, 'SecurityOptions'),
  };
}
