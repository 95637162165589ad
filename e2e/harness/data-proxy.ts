import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findDebianProgram } from './debian-program.ts';
import { freePort } from './free-port.ts';
import { until } from './until.ts';

const run = promisify(execFile);
const entrypoint = fileURLToPath(new URL('../../deploy/squid/entrypoint.sh', import.meta.url));
const program = { name: 'squid', folder: 'usr/sbin', wantedBy: 'The tests of the data proxy' } as const;

/** Asked for by the proxy's own check of its health: refused to everyone, and in no log. */
const probe = 'http://probe.invalid/';

/** DATA_PROXY_ variables, without that beginning. */
export type ProxySettings = Readonly<Record<string, string>>;

export interface ProxyAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Address of this machine that the request comes from. Default 127.0.0.1. */
  readonly from?: string;
}

/** Debian's squid, run by the entrypoint of deploy/squid, on every address of this machine. */
export interface DataProxyServer extends AsyncDisposable {
  readonly port: number;
  /** Sends a request through it. */
  ask(url: string, options?: AskOptions): Promise<ProxyAnswer>;
  /** Asks it for a tunnel, and gives it up again; answers the status. */
  tunnel(authority: string): Promise<number>;
  /** What it has logged about a URL without its query, one word a request: `TCP_MISS/200`. */
  logged(url: string): Promise<readonly string[]>;
  /** The same, once there are so many. */
  loggedTimes(url: string, times: number): Promise<readonly string[]>;
  /** Runs another command of the entrypoint with the same settings. */
  command(name: string): Promise<{ readonly stdout: string; readonly stderr: string }>;
}

/** Runs a command of the entrypoint that starts nothing. @throws with `code` and `stderr` when it fails */
export async function runEntrypoint(
  command: string,
  settings: ProxySettings = {},
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return run('sh', [entrypoint, command], { env: await environment(settings) });
}

export async function startDataProxy(settings: ProxySettings = {}): Promise<DataProxyServer> {
  const folder = await mkdtemp(join(tmpdir(), 'boatload-proxy-'));
  // Run by root, squid becomes another user, who must find its own folders in here.
  await chmod(folder, 0o755);
  const port = await freePort();
  const all = { PORT: String(port), CACHE_DIR: join(folder, 'cache'), LOG: join(folder, 'log'), ...settings };
  const env = { ...(await environment(all)), TMPDIR: folder };
  const child = spawn('sh', [entrypoint], { stdio: ['ignore', 'ignore', 'pipe'], env });
  const said: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  const ask = async (url: string, options: AskOptions = {}): Promise<ProxyAnswer> => readAnswer(port, url, options);
  const logged = async (url: string): Promise<readonly string[]> => resultsOf(join(folder, 'log', 'access.log'), url);
  const server: DataProxyServer = {
    port,
    ask,
    tunnel: (authority) => openTunnel(port, authority),
    logged,
    loggedTimes: (url, times) =>
      until(
        () => logged(url),
        (results) => results.length >= times,
        `${times} lines about ${url} in squid's log`,
      ),
    command: (name) => runEntrypoint(name, all),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit');
        // Not TERM, after which squid waits for its clients, and not KILL, which leaves its shared memory behind.
        child.kill('SIGINT');
        await exited;
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error(`squid ended with ${child.exitCode}:\n${said.join('')}`);
        return ask(probe).then(
          ({ status }) => status,
          () => 0,
        );
      },
      (status) => status === 403,
      'squid to answer',
      30_000,
    );
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

async function environment(settings: ProxySettings): Promise<Record<string, string | undefined>> {
  const { root, env } = await findDebianProgram(program);
  const named = Object.entries({ ROOT: root, ...settings }).map(([name, value]) => [`DATA_PROXY_${name}`, value]);
  return { ...process.env, ...env, ...Object.fromEntries(named) };
}

async function readAnswer(
  port: number,
  url: string,
  { method = 'GET', headers, from }: AskOptions,
): Promise<ProxyAnswer> {
  const request = httpRequest({
    port,
    host: '127.0.0.1',
    method,
    path: url,
    headers: { host: new URL(url).host, ...headers },
    ...(from === undefined ? {} : { localAddress: from }),
  });
  request.end();
  const [answer]: IncomingMessage[] = await once(request, 'response');
  if (answer === undefined) throw new Error(`no answer about ${url}`);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
}

async function openTunnel(port: number, authority: string): Promise<number> {
  const request = httpRequest({ port, host: '127.0.0.1', method: 'CONNECT', path: authority });
  request.end();
  const [answer, socket] = await once(request, 'connect');
  socket.destroy();
  return answer.statusCode;
}

/** Lines of squid's own format: time, duration, client, result, bytes, method, URL … */
async function resultsOf(file: string, url: string): Promise<readonly string[]> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').map((line) => line.trim().split(/\s+/));
  return lines.filter((words) => words[6] === url).map((words) => words[3] ?? '');
}
