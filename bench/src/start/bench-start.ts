import { connectEngine } from '@boatload/engine';
import { median, printTable } from '../figures.ts';
import { startBenchService } from '../service.ts';
import { boatload, type Contender, dockerRun, engineByHand } from './contenders.ts';

const rounds = 25;
const batches = 3;
const batchSize = 40;
const inFlight = 8;

/** Submit to exit of `echo hi`, one at a time and 8 in flight, all contenders in turn in one run. */
export async function benchStart(): Promise<void> {
  const host = process.env.DOCKER_HOST;
  await using engine = connectEngine(host === undefined ? {} : { host });
  await using service = await startBenchService();
  const script = Buffer.from('#!/bin/sh\necho hi\n').toString('base64');
  const contenders = [
    dockerRun(),
    engineByHand(engine),
    boatload(service, 'BoatLoad, a command', { container_args: ['echo', 'hi'] }),
    boatload(service, 'BoatLoad, a script', { script }),
  ];
  for (const contender of contenders) await runAndCleanUp(contender);
  const latencies = await measureLatencies(contenders);
  const rates = await measureRates(contenders);
  report(contenders, latencies, rates);
}

async function measureLatencies(contenders: readonly Contender[]): Promise<Map<Contender, number[]>> {
  const figures = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) figures.get(contender)?.push(await runAndCleanUp(contender));
  }
  return figures;
}

async function runAndCleanUp(contender: Contender): Promise<number> {
  const started = performance.now();
  await contender.runOnce();
  const took = performance.now() - started;
  await contender.cleanUp();
  return took;
}

async function measureRates(contenders: readonly Contender[]): Promise<Map<Contender, number[]>> {
  const figures = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]));
  for (let batch = 0; batch < batches; batch += 1) {
    for (const contender of contenders) figures.get(contender)?.push(await runBatch(contender));
  }
  return figures;
}

/** Containers per second with a fixed number in flight. */
async function runBatch(contender: Contender): Promise<number> {
  let left = batchSize;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await contender.runOnce();
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - started) / 1_000;
  await contender.cleanUp();
  return batchSize / seconds;
}

function report(
  contenders: readonly Contender[],
  latencies: ReadonlyMap<Contender, readonly number[]>,
  rates: ReadonlyMap<Contender, readonly number[]>,
): void {
  const peer = contenders[1];
  const ratio = (figures: ReadonlyMap<Contender, readonly number[]>, contender: Contender): string => {
    const ours = figures.get(contender) ?? [];
    const theirs = (peer && figures.get(peer)) ?? [];
    return median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN))).toFixed(2);
  };
  console.log(
    `\nsubmit to exit of "echo hi", medians of ${rounds} rounds and of ${batches} batches of ${batchSize}, in turn\n`,
  );
  printTable([
    ['', 'one at a time', '÷ Engine API', `${inFlight} in flight`, '÷ Engine API'],
    ...contenders.map((contender) => [
      contender.name,
      `${median(latencies.get(contender) ?? []).toFixed(0)} ms`,
      ratio(latencies, contender),
      `${median(rates.get(contender) ?? []).toFixed(2)} /s`,
      ratio(rates, contender),
    ]),
  ]);
  const ours = median(contenders[3] ? (latencies.get(contenders[3]) ?? []) : []);
  const limit = 1.1 * median(peer ? (latencies.get(peer) ?? []) : []) + 30;
  console.log(
    `\ntargets: one at a time at most 1.1 × the Engine API + 30 ms = ${limit.toFixed(0)} ms (a script: ${ours.toFixed(0)} ms); 8 in flight at least 0.95 × its rate`,
  );
}
