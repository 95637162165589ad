import { describeEngine, type Engine } from '@boatload/engine';

/** Which of the Engine's log drivers keeps the output. */
export type LogDriver = 'local' | 'json-file';

/** Docker's json-file loses bytes that are not UTF-8; its local driver keeps them, but Podman has none. */
export async function chooseLogDriver(engine: Engine): Promise<LogDriver> {
  const { name } = await describeEngine(engine).catch(() => ({ name: '' }));
  return name.startsWith('Podman') ? 'json-file' : 'local';
}
