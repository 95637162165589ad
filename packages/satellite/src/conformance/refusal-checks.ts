import type { AttemptRef, ErrorCode, Satellite } from '@boatload/contract';
import { expect } from 'vitest';
import type { SatelliteCheck } from './describe-satellite.ts';
import { EventWatch } from './event-watch.ts';
import type { OrderChanges, SatelliteHarness } from './harness.ts';

/** A tar of one entry, `../evil`, by the oldest format. */
function hostileTar(): Buffer {
  const header = Buffer.alloc(512);
  header.write('../evil', 0);
  header.write('0000644\u00000000000\u00000000000\u000000000000000\u000000000000000\u0000        0', 100, 'latin1');
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  return Buffer.concat([header, Buffer.alloc(1024)]);
}

export const refusalChecks = {
  async refusedStart({ satellite, order, upload }) {
    const script = { name: 'script', source: upload('true'), interpreter: ['no-such-interpreter'] };
    const refused: readonly (readonly [OrderChanges, ErrorCode])[] = [
      [{ entrypoint: ['/no/such/command'] }, 'command_not_found'],
      [{ args: ['no-such-command'] }, 'command_not_found'],
      [{ entrypoint: ['/etc/passwd'] }, 'command_not_executable'],
      [{ script }, 'command_not_found'],
    ];
    await using watch = new EventWatch(satellite);
    for (const [changes, code] of refused) {
      const asked = order(changes);
      await satellite.prepare(asked);
      for (let time = 1; time <= 2; time += 1) {
        const status = await satellite.start(asked.ref);
        expect(status).toMatchObject({ phase: 'start_failed', starts: 0, error: { code } });
        expect(status.exitCode).toBeUndefined();
        expect(status.error?.message).toContain(changes.args?.[0] ?? changes.entrypoint?.[0] ?? 'no-such-interpreter');
      }
      await watch.phase(asked.ref, 'start_failed');
    }
  },

  async missingImage(harness) {
    const image = 'boatload/no-such-image:none';
    await expectRefusal(harness, { image, pull: 'never' }, 'image_not_found');
  },

  async unknownUser(harness) {
    await expectRefusal(harness, { user: 'no-such-user' }, 'user_not_found');
  },

  async hostileArchive(harness) {
    const data = { source: harness.upload(hostileTar()) };
    await expectRefusal(harness, { data, datapath: '/data' }, 'archive_unsafe');
  },

  async missingInterpreter(harness) {
    const script = { name: 'script', source: harness.upload('#!/no/such/program\n') };
    await expectRefusal(harness, { script }, 'command_not_found');
  },

  async abortedPreparation({ satellite, order, upload, leftovers }) {
    const caller = new AbortController();
    const asked = order({ args: ['true'], data: { source: upload(Buffer.alloc(5_000_000)) }, datapath: '/data' });
    const preparing = satellite.prepare(asked, { signal: caller.signal, onProgress: () => caller.abort() });
    await expect(preparing).rejects.toMatchObject({ name: 'AbortError' });
    expect(await leftovers(asked.ref)).toEqual([]);
    await expectAbsent(satellite, asked.ref);
  },
} satisfies Record<string, SatelliteCheck>;

async function expectRefusal(
  { satellite, order, leftovers }: SatelliteHarness,
  changes: OrderChanges,
  code: ErrorCode,
): Promise<void> {
  const asked = order(changes);
  await expect(satellite.prepare(asked)).rejects.toMatchObject({ code });
  expect(await leftovers(asked.ref)).toEqual([]);
  await expectAbsent(satellite, asked.ref);
}

async function expectAbsent(satellite: Satellite, ref: AttemptRef): Promise<void> {
  expect(await satellite.status(ref)).toMatchObject({ phase: 'absent' });
}
