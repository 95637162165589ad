import { once } from 'node:events';
import { createServer } from 'node:net';
import { BoatLoadError } from '@boatload/contract';

const tries = 100;

/**
 * The first port from `first` on that nobody listens on.
 * @throws bad_configuration when the next hundred are all taken
 */
export async function findPort(host: string, first: number): Promise<number> {
  for (let port = first; port < first + tries; port += 1) {
    if (await isFree(host, port)) return port;
  }
  throw new BoatLoadError('bad_configuration', `All ports from ${first} to ${first + tries - 1} are taken: free one.`);
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
