import { once } from 'node:events';
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { connectEngine, type Engine, engineOptionsFromEnvironment, parseEngineHost } from '@boatload/engine';

/** The real Engine behind a socket of our own that can be closed and opened, as if the Engine went away. */
export class EngineGate implements AsyncDisposable {
  readonly path: string;
  readonly engine: Engine;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #open = true;
  #swallow: RegExp | undefined;
  #moment: 'request' | 'answer' = 'request';
  #onSwallowed: () => void = () => undefined;

  private constructor(directory: string) {
    this.path = join(directory, 'gate.sock');
    this.engine = connectEngine({ host: `unix://${this.path}` });
    this.#server = createServer((client) => this.#join(client));
  }

  static async open(directory: string): Promise<EngineGate> {
    const gate = new EngineGate(directory);
    gate.#server.listen(gate.path);
    await once(gate.#server, 'listening');
    return gate;
  }

  /** Cuts every connection and refuses new ones. */
  shut(): void {
    this.#open = false;
    this.#cut();
  }

  reopen(): void {
    this.#open = true;
  }

  /**
   * Cuts all connections when a request whose head matches comes: before the Engine gets it (`request`) or when
   * it has answered (`answer`). Fulfilled once that happened.
   */
  cutAt(head: RegExp, moment: 'request' | 'answer'): Promise<void> {
    this.#swallow = head;
    this.#moment = moment;
    return new Promise((resolve) => {
      this.#onSwallowed = resolve;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.engine.close();
    this.#cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    if (!this.#open) {
      client.destroy();
      return;
    }
    const upstream = connectUpstream();
    let armed = false;
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.on('error', () => other.destroy());
    }
    client.on('data', (chunk) => {
      if (this.#swallow?.test(chunk.toString('latin1')) === true) {
        if (this.#moment === 'request') return this.#swallowed();
        armed = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (armed) this.#swallowed();
      else client.write(chunk);
    });
  }

  #swallowed(): void {
    this.#swallow = undefined;
    this.#cut();
    this.#onSwallowed();
  }

  #cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function connectUpstream(): Socket {
  const { socketPath, hostname, port = 0 } = parseEngineHost(engineOptionsFromEnvironment(process.env));
  return socketPath === undefined ? connectSocket(port, hostname) : connectSocket(socketPath);
}
