import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Engine } from '@boatload/engine';

/** Lets a test say when a script in a container goes on, where the Engine's own calls would have to wait. */
export interface ContainerGate extends AsyncDisposable {
  /** A shell command that waits until the gate is opened. */
  readonly wait: string;
  /** A shell command that tells the test that the script has come this far. */
  readonly tell: string;
  readonly told: Promise<void>;
  readonly open: () => void;
}

export async function makeGate(engine: Engine): Promise<ContainerGate> {
  const opened = makeDeferred();
  const told = makeDeferred();
  const server = createServer((request, response) => {
    if (request.url === '/told') told.resolve();
    (request.url === '/wait' ? opened.promise : Promise.resolve()).then(
      () => response.end(),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const address = server.address() as AddressInfo;
  const bridge = JSON.stringify(await engine.json({ method: 'GET', path: '/networks/bridge' }));
  const gateway = /"Gateway":"([\d.]+)"/.exec(bridge)?.[1] ?? '172.17.0.1';
  const ask = (path: string): string => `node -e "fetch('http://${gateway}:${address.port}/${path}')"`;
  return {
    wait: ask('wait'),
    tell: ask('told'),
    told: told.promise,
    open: () => opened.resolve(),
    async [Symbol.asyncDispose]() {
      opened.resolve();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Promise.withResolvers, which Node 20 lacks. */
function makeDeferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
