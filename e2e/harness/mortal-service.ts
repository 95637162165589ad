import { type Client, logIn } from './client.ts';
import { type RunningService, startService } from './service.ts';

/** A service that is killed and started again, always at the same address and on the same data. */
export class MortalService {
  readonly #dataDir: string;
  readonly #port: number;
  #running: RunningService | undefined;

  constructor(dataDir: string, port: number) {
    this.#dataDir = dataDir;
    this.#port = port;
  }

  async start(): Promise<void> {
    this.#running = await startService({ dataDir: this.#dataDir, port: this.#port });
  }

  async killAndStart(): Promise<void> {
    await this.#running?.kill();
    await this.start();
  }

  client(): Promise<Client> {
    if (this.#running === undefined) throw new Error('the service was not started');
    return logIn(this.#running.url);
  }

  async end(): Promise<void> {
    await this.#running?.stop();
  }
}
