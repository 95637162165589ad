import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../packages/cli/bin/boatload.js', import.meta.url));

export interface ServiceOptions {
  /** Kept when the service stops, so that another can be started on it. Default: a temporary folder, removed. */
  readonly dataDir?: string;
  readonly port?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A running `boatload up`, as a process of its own. */
export interface RunningService extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** What it has printed so far. */
  readonly printed: () => string;
  /** SIGTERM, or another signal; resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Starts the built program and waits until it says where it listens. */
export async function startService(options: ServiceOptions = {}): Promise<RunningService> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'boatload-e2e-')));
  const args = ['up', '--port', String(options.port ?? 0), '--data-dir', dataDir, '--fetch-allow', '127.0.0.0/8'];
  const child = spawn(process.execPath, [program, ...args, ...(options.args ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  const printed: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const forget = async (): Promise<void> => {
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  const url = await firstUrl(child, printed).catch(async (error: unknown) => {
    await forget();
    throw error;
  });
  return {
    url,
    port: Number(new URL(url).port),
    dataDir,
    printed: () => printed.join(''),
    stop: (signal = 'SIGTERM') => end(child, signal),
    kill: async () => void (await end(child, 'SIGKILL')),
    async [Symbol.asyncDispose]() {
      await end(child, 'SIGTERM');
      await forget();
    },
  };
}

async function firstUrl(child: ChildProcess, printed: string[]): Promise<string> {
  if (child.stdout === null) throw new Error('the service has no stdout');
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, 'close').then(([code]): never => {
    throw new Error(`the service ended with ${code}:\n${printed.join('')}`);
  });
  exited.catch(() => undefined);
  const found = (async () => {
    for await (const line of lines) {
      printed.push(`${line}\n`);
      const [url] = /http:\/\/[^\s/]+:\d+/.exec(line) ?? [];
      if (url !== undefined) return url;
    }
    return exited;
  })();
  const url = await Promise.race([found, exited]);
  child.stdout.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  return url;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}
