import { connectEngine } from '@boatload/engine';

/** What stands on the Engine itself, behind BoatLoad's back. */
export interface EngineView extends AsyncDisposable {
  /** Names of all containers of a BoatLoad container, or of all of BoatLoad's. */
  containersOf(label: string): Promise<string[]>;
  /** Names of those of them that run. */
  runningOf(label: string): Promise<string[]>;
  volumesOf(label: string): Promise<string[]>;
  /** Kills and removes containers as somebody does who knows nothing of BoatLoad. */
  removeContainersOf(label: string): Promise<void>;
  /** Value of a label of the first container that has another one. */
  labelValue(label: string, name: string): Promise<string | undefined>;
  /** Whether the Engine tells, among its last events, that memory ran out in a container. */
  toldOutOfMemory(id: string): Promise<boolean>;
  /** Address at which containers on the default network reach this machine. */
  gateway(): Promise<string>;
}

interface Named {
  readonly Name: string;
}

/** Looks at the Engine that the tests use: the one of DOCKER_HOST, or the local one. */
export function viewEngine(): EngineView {
  const host = process.env.DOCKER_HOST;
  const engine = connectEngine(host === undefined ? {} : { host });
  const get = async <T>(path: string, query: Record<string, string | boolean> = {}): Promise<T> =>
    (await engine.json({ method: 'GET', path, query })) as T;
  const namesOf = async (label: string, all: boolean): Promise<string[]> => {
    const filters = JSON.stringify({ label: [label] });
    const found = await get<{ Names: string[] }[]>('/containers/json', { all, filters });
    return found.map(({ Names }) => Names[0] ?? '');
  };
  return {
    containersOf: (label) => namesOf(label, true),
    runningOf: (label) => namesOf(label, false),
    async removeContainersOf(label) {
      for (const name of await namesOf(label, true)) {
        await engine.request({ method: 'DELETE', path: `/containers${name}`, query: { force: true } });
      }
    },
    async volumesOf(label) {
      const filters = JSON.stringify({ label: [label] });
      const { Volumes } = await get<{ Volumes: Named[] | null }>('/volumes', { filters });
      return (Volumes ?? []).map(({ Name }) => Name);
    },
    async labelValue(label, name) {
      const filters = JSON.stringify({ label: [label] });
      const [first] = await get<{ Labels: Record<string, string> }[]>('/containers/json', { all: true, filters });
      return first?.Labels[name];
    },
    async toldOutOfMemory(id) {
      const filters = JSON.stringify({ event: ['oom'], label: [labelOf(id)] });
      const query = { filters, since: 0, until: Math.ceil(Date.now() / 1_000) };
      const events = await engine.request({ method: 'GET', path: '/events', query });
      return (await events.text()) !== '';
    },
    async gateway() {
      const { IPAM } = await get<{ IPAM: { Config: { Gateway?: string }[] } }>('/networks/bridge');
      return IPAM.Config[0]?.Gateway ?? '172.17.0.1';
    },
    [Symbol.asyncDispose]: async () => engine.close(),
  };
}

/** Label of everything on the Engine that belongs to a container. */
export function labelOf(id: string): string {
  return `io.boatload.container=${id}`;
}
