import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../src/single-flight.ts';

function makeDeferred<Value>() {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

describe('work that several want at the same moment', () => {
  it('is done once, and again for whoever comes later', async () => {
    const flights = new SingleFlight<number, never>();
    let done = 0;
    const work = async () => {
      done += 1;
      return done;
    };
    const all = Promise.all([1, 2, 3].map(() => flights.run('key', { work })));
    const other = flights.run('another', { work });
    expect(await all).toEqual([1, 1, 1]);
    expect(await other).toBe(2);
    expect(await flights.run('key', { work })).toBe(3);
  });

  it('tells each how far it is, and who comes later what was told last', async () => {
    const flights = new SingleFlight<void, number>();
    const { promise, resolve } = makeDeferred<void>();
    const seen: string[] = [];
    const work = async (_signal: AbortSignal, report: (progress: number) => void) => {
      report(1);
      await promise;
      report(2);
    };
    const first = flights.run('key', { work, onProgress: (progress) => seen.push(`first ${progress}`) });
    await Promise.resolve();
    const second = flights.run('key', { work, onProgress: (progress) => seen.push(`second ${progress}`) });
    resolve();
    await Promise.all([first, second]);
    expect(seen).toEqual(['first 1', 'second 1', 'first 2', 'second 2']);
  });

  it('goes on while one of them waits', async () => {
    const flights = new SingleFlight<string, never>();
    const { promise, resolve } = makeDeferred<string>();
    const impatient = new AbortController();
    const leaving = flights.run('key', { work: () => promise, signal: impatient.signal });
    const staying = flights.run('key', { work: () => promise });
    impatient.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    resolve('done');
    expect(await staying).toBe('done');
  });

  it('is not gone on with for one who failed when it was told how far it is', async () => {
    const flights = new SingleFlight<void, number>();
    const { promise, resolve } = makeDeferred<AbortSignal>();
    const work = async (signal: AbortSignal, report: (progress: number) => void) => {
      report(1);
      resolve(signal);
      await new Promise((_done, reject) => signal.addEventListener('abort', reject));
    };
    const impatient = new AbortController();
    const first = flights.run('key', { work, signal: impatient.signal });
    const signal = await promise;
    const onProgress = () => {
      throw new Error('a fault of whoever waits');
    };
    await expect(flights.run('key', { work, onProgress })).rejects.toThrow('a fault');
    impatient.abort();
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    expect(signal.aborted).toBe(true);
  });

  it('is given up when the last one left, and begun anew for who comes then', async () => {
    const flights = new SingleFlight<string, never>();
    const impatient = new AbortController();
    let aborted = false;
    const leaving = flights.run('key', {
      work: (signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(signal.reason);
          });
        }),
      signal: impatient.signal,
    });
    await Promise.resolve();
    impatient.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    expect(aborted).toBe(true);
    expect(await flights.run('key', { work: async () => 'anew' })).toBe('anew');
  });

  it('fails for all, and is tried again for whoever wants it then', async () => {
    const flights = new SingleFlight<string, never>();
    const { promise, reject } = makeDeferred<string>();
    const waits = [1, 2].map(() =>
      flights
        .run('key', { work: () => promise })
        // At once, while the other has not yet heard of the failure.
        .catch(() => flights.run('key', { work: async () => 'better' })),
    );
    reject(new Error('no'));
    expect(await Promise.all(waits)).toEqual(['better', 'better']);
  });

  it('has its result released after the last one took it, also if all have left', async () => {
    const released: string[] = [];
    const flights = new SingleFlight<string, never>((value) => released.push(value));
    const taken: string[] = [];
    const take = (value: string) => {
      taken.push(`${value}, ${released.length} released`);
    };
    await Promise.all([1, 2].map(() => flights.run('key', { work: async () => 'result', take })));
    expect(taken).toEqual(['result, 0 released', 'result, 0 released']);
    await Promise.resolve();
    expect(released).toEqual(['result']);
    const { promise, resolve } = makeDeferred<string>();
    const impatient = new AbortController();
    const leaving = flights.run('key', { work: () => promise, signal: impatient.signal });
    impatient.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    resolve('late');
    await flights.abort(new Error('closed'));
    expect(released).toEqual(['result', 'late']);
  });

  it('is ended for good with the reason that is given', async () => {
    const flights = new SingleFlight<void, never>();
    const waiting = flights.run('key', {
      work: (signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const told = expect(waiting).rejects.toThrow('stopping');
    await Promise.resolve();
    await flights.abort(new Error('stopping'));
    await told;
    await expect(flights.run('another', { work: async () => undefined })).rejects.toThrow('stopping');
  });
});
