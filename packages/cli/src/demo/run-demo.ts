import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultLimits, type RunningService, startService } from '@boatload/api';
import { destination, pino } from 'pino';
import { DemoClient } from './demo-client.ts';
import { findPort } from './find-port.ts';
import { Narrator } from './narrator.ts';
import { packStations } from './pack-stations.ts';
import { giveTour } from './tour.ts';

const host = '127.0.0.1';
const firstPort = 8000;
/** How long removing what the demo made may take. */
const cleanUpMs = 4_000;

export interface DemoOptions {
  /** The folder below which the demo keeps its own state, as long as it runs. */
  readonly dataDir: string;
  /** As DOCKER_HOST writes it. Default: the local socket. */
  readonly dockerHost?: string;
  /** End after the tour instead of staying up. */
  readonly exit: boolean;
  readonly signal: AbortSignal;
  readonly out: NodeJS.WriteStream;
}

/**
 * Runs the service with a state of its own, takes a container through its whole life by the HTTP API, and
 * stays up until the signal is aborted. Nothing of it is left afterwards.
 */
export async function runDemo({ dataDir, dockerHost, exit, signal, out }: DemoOptions): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  const folder = await mkdtemp(join(dataDir, 'demo-'));
  const log = pino({ base: null }, destination({ dest: join(folder, 'service.log'), sync: true }));
  const narrator = new Narrator(out);
  const ended = AbortSignal.any([signal, readerGone(out)]);
  try {
    const port = await findPort(host, firstPort);
    const engine = dockerHost === undefined ? {} : { dockerHost };
    const config = { host, port, dataDir: join(folder, 'state'), limits: defaultLimits, ...engine };
    const service = await startService(config, log);
    // Since this process began: all that its user waited for.
    narrator.say(`BoatLoad is up at ${service.url} after ${(performance.now() / 1000).toFixed(1)} s.`);
    await demonstrate(service, { narrator, folder, exit, signal: ended });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Aborted when nobody reads any more, as behind `| head`: the demo then ends as with Ctrl-C, clearing up. */
function readerGone(out: NodeJS.WriteStream): AbortSignal {
  const gone = new AbortController();
  out.on('error', () => gone.abort());
  return gone.signal;
}

interface Stage {
  readonly narrator: Narrator;
  readonly folder: string;
  readonly exit: boolean;
  readonly signal: AbortSignal;
}

async function demonstrate(service: RunningService, { narrator, folder, exit, signal }: Stage): Promise<void> {
  const client = new DemoClient(service.url, signal);
  try {
    const data = join(folder, 'stations.zip');
    await packStations(data);
    await giveTour({ client, narrator, url: service.url, data });
    describeAddresses(narrator, service.url, folder);
    if (!exit) await stayUp(narrator, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await removeAll(client.until(AbortSignal.timeout(cleanUpMs)), narrator);
    await service.close();
  }
}

function describeAddresses(narrator: Narrator, url: string, folder: string): void {
  narrator.say();
  narrator.table([
    ['API', `${url}/v1/container/`],
    ['Reference', `${url}/docs`],
    ['Log-in', 'admin / admin, from this machine only'],
    ["Service's log", join(folder, 'service.log')],
  ]);
}

async function stayUp(narrator: Narrator, signal: AbortSignal): Promise<void> {
  narrator.say();
  narrator.say('The service stays up: try the commands above in another shell. Ctrl-C ends it.');
  if (signal.aborted) return;
  await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
}

/** The demo's state goes with it, so no container may stay behind on the Engine. */
async function removeAll(client: DemoClient, narrator: Narrator): Promise<void> {
  narrator.say();
  try {
    const containers = await client.list();
    await Promise.all(containers.map(({ id }) => client.remove(id)));
    narrator.say('The demo is over; its containers and files are removed.');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    narrator.say(`The demo is over, but its containers could not be removed: ${reason}`);
    narrator.say('See what is left of them with: docker ps --all --filter label=io.boatload.container');
  }
}
