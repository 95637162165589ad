import type { Container, FileChange, Metrics, StateAnswer } from '@boatload/contract';
import type { DemoClient } from './demo-client.ts';
import { listArchive } from './list-archive.ts';
import type { Narrator } from './narrator.ts';
import { demoScript } from './pack-stations.ts';

export interface TourParts {
  readonly client: DemoClient;
  readonly narrator: Narrator;
  readonly url: string;
  /** Path of the packed measurements. */
  readonly data: string;
}

const image = 'boatload/sample';
const args = '--resamples 60000';
const report = '/data/results/report.txt';

/** Goes through a container's whole life, one call of the API after the other. */
export async function giveTour(parts: TourParts): Promise<void> {
  await logIn(parts);
  const id = await submit(parts);
  await follow(parts, id);
  await showState(parts, id);
  await showResults(parts, id);
}

async function logIn({ client, narrator, url }: TourParts): Promise<void> {
  narrator.step(
    'Log in',
    `API=${url}\nTOKEN=$(curl -s $API/api-token-auth/ -d username=admin -d password=admin | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')`,
  );
  await client.logIn('admin', 'admin');
  narrator.result('A token for the requests that follow.');
}

async function submit({ client, narrator, data }: TourParts): Promise<string> {
  narrator.step(
    'Submit a script together with a zip of data',
    `curl -s $API/v1/container/ ${header} \\\n    -F image_name=${image} -F pull=never -F scriptname=summarise.mjs -F 'container_args=${args}' \\\n    -F script=@${demoScript} \\\n    -F data=@${data}`,
  );
  const fields = { image_name: image, pull: 'never', scriptname: 'summarise.mjs', container_args: args };
  const { id, state } = await client.submit({ fields, files: { script: demoScript, data } });
  narrator.result(`Container ${id} is ${state}.`);
  return id;
}

/** Follows the output; what is asked while the container runs is shown once it is over. */
async function follow({ client, narrator }: TourParts, id: string): Promise<void> {
  narrator.step(
    'Follow its output',
    `ID=${id}\ncurl -sN "$API/v1/container/$ID/stdout?follow=true&stream=both" ${header}`,
  );
  let running: Promise<readonly [StateAnswer, Metrics]> | undefined;
  for await (const line of client.follow(id)) {
    narrator.quote(line);
    running ??= Promise.all([client.state(id), client.metrics(id)]);
    running.catch(() => undefined);
  }
  narrator.step(
    'State and metrics while it ran',
    `curl -s $API/v1/container/$ID/state ${header}\ncurl -s $API/v1/container/$ID/metrics ${header}`,
  );
  if (running !== undefined) narrator.table(describeRunning(...(await running)));
}

async function showState({ client, narrator }: TourParts, id: string): Promise<void> {
  narrator.step('State after its end', `curl -s $API/v1/container/$ID/ ${header}`);
  const ended = await untilEnded(client, id);
  narrator.table(describeEnd(ended));
}

async function showResults({ client, narrator }: TourParts, id: string): Promise<void> {
  narrator.step('What it changed', `curl -s $API/v1/container/$ID/changes ${header}`);
  narrator.table((await client.changes(id)).map((change) => [change.kind, describeChange(change)]));
  narrator.step('One of the files', `curl -s $API/v1/container/$ID/file${report} ${header}`);
  for (const line of (await client.file(id, report)).trimEnd().split('\n')) narrator.quote(line);
  narrator.step('All of it as one archive', `curl -s $API/v1/container/$ID/archive ${header} | tar -tf -`);
  narrator.result(await listArchive(await client.archive(id)));
}

const header = '-H "Authorization: JWT $TOKEN"';

/** The output has ended by now, so that this takes a look or two. */
async function untilEnded(client: DemoClient, id: string): Promise<Container> {
  for (;;) {
    const container = await client.info(id);
    if (container.finished_at !== null) return container;
    await new Promise((done) => setTimeout(done, 20));
  }
}

function describeRunning(state: StateAnswer, metrics: Metrics): readonly (readonly [string, string])[] {
  return [
    ['state', `${state.state} on ${state.node}, attempt ${state.attempt}`],
    ['processor', `${metrics.cpu.percent.toFixed(0)} %, ${metrics.cpu.usage_seconds.toFixed(2)} s so far`],
    ['memory', `${(metrics.memory.usage_bytes / 1024 ** 2).toFixed(1)} MiB`],
    ['processes', String(metrics.pids.current)],
  ];
}

function describeEnd({
  state,
  reason,
  exit_code,
  started_at,
  finished_at,
}: Container): readonly (readonly [string, string])[] {
  const ran = (Date.parse(finished_at ?? '') - Date.parse(started_at ?? '')) / 1000;
  return [
    [
      'state',
      `${state}${exit_code === null ? '' : ` with exit code ${exit_code}`}${reason === null ? '' : `: ${reason}`}`,
    ],
    ['ran for', Number.isNaN(ran) ? 'never' : `${ran.toFixed(1)} s`],
  ];
}

function describeChange({ path, type, size }: FileChange): string {
  if (type === 'directory') return `${path}/`;
  return size === null ? path : `${path}  (${size} bytes)`;
}
