import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/database.ts';
import { WriteAheadLog } from '../../src/store/sqlite/write-ahead-log.ts';

test('what was committed can be synced by any number of callers at once, again and again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'boatload-wal-'));
  const file = join(folder, 'a.db');
  const database = openDatabase(file);
  try {
    database.prepare('CREATE TABLE word (text TEXT)').run([]);
    const log = new WriteAheadLog(file);
    for (let round = 0; round < 3; round += 1) {
      const synced = Array.from({ length: 50 }, async (_, at) => {
        database.prepare('INSERT INTO word VALUES (?)').run([`${round}-${at}`]);
        await log.sync();
      });
      await Promise.all(synced);
    }
    expect(database.prepare('SELECT count(*) AS words FROM word').all([])).toEqual([{ words: 150 }]);
  } finally {
    database.close();
    await rm(folder, { recursive: true });
  }
});

test('a log that cannot be synced is an error of every caller', async () => {
  const log = new WriteAheadLog(join(tmpdir(), 'boatload-no-such-folder', 'a.db'));
  const calls = await Promise.allSettled([log.sync(), log.sync(), log.sync()]);
  expect(calls.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});
