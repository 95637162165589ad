import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { findPort } from '../../src/demo/find-port.ts';

test('a port that is taken is passed over', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  const found = await findPort('127.0.0.1', taken);
  server.close();
  expect(found).toBeGreaterThan(taken);
  expect(found).toBeLessThan(taken + 100);
});
