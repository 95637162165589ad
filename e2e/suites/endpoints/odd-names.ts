import type { ChangedFile, DirectoryEntry, FileChange } from '@boatload/contract';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, useService } from '../../harness/suite.ts';

const names: readonly (readonly [title: string, bytes: Buffer])[] = [
  ['spaces', Buffer.from('  two  words ')],
  ['a percent sign', Buffer.from('100%')],
  ['an encoded slash as text', Buffer.from('a%2Fb')],
  ['a question mark', Buffer.from('what?now')],
  ['a hash, plus and ampersand', Buffer.from('#1+2&3=4;5')],
  ['a newline', Buffer.from('line\nbreak')],
  ['quotes and a backslash', Buffer.from(`"it's"\\n`)],
  ['control characters', Buffer.from('\u0001\u001b[31m\t\u007f')],
  ['letters of many writings', Buffer.from('größe 漢字 🚢')],
  ['bytes that are not UTF-8', Buffer.from('latin-\xe9-\xff', 'latin1')],
  ['nothing but a byte that is not UTF-8', Buffer.from([0x80])],
  ['255 bytes', Buffer.from('x'.repeat(255))],
  ['a leading dash', Buffer.from('-rf')],
  ['the look of a whiteout', Buffer.from('.wh.name')],
];
const folders = ['/data/deep', '/opt/deep'] as const;

/** Makes each name in each folder, its content its own number. */
const script = `
const { mkdirSync, writeFileSync } = require('node:fs');
const names = ${JSON.stringify(names.map(([, bytes]) => bytes.toString('hex')))};
for (const folder of ${JSON.stringify(folders)}) {
  mkdirSync(folder);
  for (const [at, name] of names.entries())
    writeFileSync(Buffer.concat([Buffer.from(folder + '/'), Buffer.from(name, 'hex')]), folder + at);
}
console.log('done');
process.argv[2] === 'stay' && setInterval(() => undefined, 1000);
`;

/** File names are bytes: any that Linux allows can be listed and fetched, in mounts and elsewhere. */
export function describeOddNames(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: odd file names`, () => {
    const parts = useService(start);
    const ids: Record<string, string> = {};
    beforeAll(async () => {
      const { client } = parts();
      ids.running = (await client.submit({ script, interpreter: 'node', container_args: 'stay' })).id;
      ids.exited = (await client.submit({ script, interpreter: 'node' })).id;
      await Promise.all([client.printed(ids.running ?? '', 'done'), client.ended(ids.exited ?? '')]);
    });

    describe.each(['running', 'exited'])('of a container that is %s', (when) => {
      const pathOf = (path: string): string => `/v1/container/${ids[when]}${path}`;

      test.for(folders)('changes and file list every one in %s', async (folder) => {
        const { client } = parts();
        const expected = names.map(([, bytes]) => `${folder}/${bytes.toString('latin1')}`).sort();
        const changes = await client.json<FileChange[]>(pathOf('/changes'));
        const files = await client.json<ChangedFile[]>(pathOf('/file'));
        for (const listed of [changes, files]) {
          const paths = listed.map((each) => bytesOf(each).toString('latin1'));
          expect(paths.filter((path) => path.startsWith(`${folder}/`))).toEqual(expected);
        }
      });

      test.for(names)('%s', async ([, bytes]) => {
        const { client } = parts();
        const at = names.findIndex(([, each]) => each === bytes);
        for (const folder of folders) {
          expect(await client.text(pathOf(`/file${folder}/${percentEncode(bytes)}`))).toBe(`${folder}${at}`);
        }
      });

      test('a folder lists them', async () => {
        const entries = await parts().client.json<DirectoryEntry[]>(pathOf('/file/opt/deep'));
        const listed = entries.map(({ name: text, name_b64 }) =>
          Buffer.from(name_b64 ?? text, name_b64 ? 'base64' : 'utf8'),
        );
        expect(listed.map((each) => each.toString('latin1'))).toEqual(
          names.map(([, bytes]) => bytes.toString('latin1')).sort(),
        );
      });

      test('their numbers lead to them', async () => {
        const { client } = parts();
        const files = await client.json<ChangedFile[]>(pathOf('/file'));
        const odd = files.filter(({ path_b64 }) => path_b64 !== undefined);
        expect(odd.length).toBe(2 * folders.length);
        for (const file of odd) {
          const content = await client.text(pathOf(`/filebynum/${file.number}`));
          expect(content).toBe(await client.text(pathOf(`/file/${percentEncode(bytesOf(file))}`)));
        }
      });

      test('Content-Disposition gives a name that can be saved', async () => {
        const newline = await parts().client.call(pathOf('/file/opt/deep/line%0Abreak'), { method: 'HEAD' });
        expect(newline.headers.get('content-disposition')).toMatch(/^attachment; filename=/);
        const ship = await parts().client.call(pathOf(`/file/opt/deep/${encodeURIComponent('größe 漢字 🚢')}`));
        expect(ship.headers.get('content-disposition')).toContain(`filename*=UTF-8''gr%C3%B6%C3%9Fe%20`);
      });
    });

    promiseNothingLeft(parts);
  });
}

function bytesOf({ path, path_b64 }: { readonly path: string; readonly path_b64?: string }): Buffer {
  return path_b64 === undefined ? Buffer.from(path) : Buffer.from(path_b64, 'base64');
}

function percentEncode(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
