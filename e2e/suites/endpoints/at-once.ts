import type { Output } from '@boatload/contract';
import { describe, expect, test } from 'vitest';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, useService } from '../../harness/suite.ts';
import { makeZip } from '../../harness/zip-file.ts';

const numbers = Array.from({ length: 20 }, (_, at) => at);

/** Many containers at the same time. */
export function describeAtOnce(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: twenty containers at once`, () => {
    const parts = useService(start);

    test('each gets its own script, data and arguments, and ends as it should', async () => {
      const { client } = parts();
      const script = 'echo "$1 $(cat number.txt)"; echo "err $1" >&2; echo "$1" > result; exit "$1"';
      const ended = await Promise.all(
        numbers.map(async (number) => {
          const data = { name: 'data.zip', content: makeZip([{ name: 'number.txt', content: `is ${number}` }]) };
          const fields = { name: `number-${number}`, container_args: String(number) };
          const { id } = await client.submitForm(fields, { script: { name: 'run', content: script }, data });
          return client.ended(id);
        }),
      );
      expect(ended.map(({ state, exit_code, name: each }) => [state, exit_code, each])).toEqual(
        numbers.map((number) => ['exited', number, `number-${number}`]),
      );
      for (const [number, { id }] of ended.entries()) {
        const json = { headers: { accept: 'application/json' } };
        expect(await client.json<Output>(`/v1/container/${id}/stdout`, json)).toEqual({
          stdout: `${number} is ${number}\n`,
          stderr: `err ${number}\n`,
        });
        expect(await client.text(`/v1/container/${id}/file/data/result`)).toBe(`${number}\n`);
      }
    });

    promiseNothingLeft(parts);
  });
}
