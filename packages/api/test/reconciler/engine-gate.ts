import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A socket that leads to the real Engine, or nowhere: an Engine that goes away and comes back. */
export class EngineGate implements AsyncDisposable {
  readonly #dir: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async open(): Promise<EngineGate> {
    const gate = new EngineGate(await mkdtemp(join(tmpdir(), 'boatload-gate-')));
    await gate.restore();
    return gate;
  }

  /** As DOCKER_HOST writes it. */
  get dockerHost(): string {
    return `unix://${this.#path}`;
  }

  get #path(): string {
    return join(this.#dir, 'docker.sock');
  }

  async restore(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#connect(client));
    this.#server = server;
    await once(server.listen(this.#path), 'listening');
  }

  /** Ends all connections and takes no more. */
  async cut(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
    await rm(this.#dir, { recursive: true, force: true });
  }

  #connect(client: Socket): void {
    const engine = createConnection({ path: '/var/run/docker.sock', allowHalfOpen: true });
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
