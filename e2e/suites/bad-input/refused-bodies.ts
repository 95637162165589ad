import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { ErrorCode } from '@boatload/contract';
import { afterEach, describe, expect, test } from 'vitest';
import { filesBelow } from '../../harness/files-below.ts';
import { expectProblem } from '../../harness/problem.ts';
import { until } from '../../harness/until.ts';
import { expectNothingKept, type Parts, removeAll, submitBody, submitJson } from './bad-input-parts.ts';

const mebibyte = 1_048_576;

const notJson: readonly (readonly [title: string, body: string])[] = [
  ['nothing', ''],
  ['half an object', '{"image_name": "x"'],
  ['an object in Python', "{'image_name': 'x'}"],
  ['a list', '[{"image_name": "x"}]'],
  ['text', '"image_name"'],
  ['a number', '42'],
  ['null', 'null'],
  ['nested without end', '['.repeat(200_000)],
  ['a prototype', '{"image_name": "x", "__proto__": {"admin": true}}'],
];

const boundary = 'the-boundary';
const multipart = `multipart/form-data; boundary=${boundary}`;
const part = (head: string, content: string): string =>
  `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
const end = `--${boundary}--\r\n`;
const imageField = part('name="image_name"', 'boatload/sample');
const jsonField = `--${boundary}\r\nContent-Disposition: form-data; name="env"\r\nContent-Type: application/json\r\n\r\n{\r\n`;
const scriptFile = part('name="script"; filename="a.sh"', 'echo hello');

type FormRow = readonly [
  title: string,
  form: { readonly body: string; readonly type?: string },
  code: ErrorCode,
  field: string | null,
];

const forms: readonly FormRow[] = [
  ['without a boundary', { body: `${imageField}${end}`, type: 'multipart/form-data' }, 'bad_multipart', null],
  ['with another boundary', { body: `${imageField}${end}`, type: `${multipart}-2` }, 'bad_multipart', null],
  ['that is empty', { body: '' }, 'invalid_field', 'image_name'],
  ['with a field that is not the JSON it says', { body: `${imageField}${jsonField}${end}` }, 'bad_json', null],
  ['cut off in a field', { body: imageField.slice(0, -8) }, 'bad_multipart', null],
  ['cut off in a file', { body: `${imageField}${scriptFile.slice(0, -4)}` }, 'bad_multipart', null],
  ['cut off in a head', { body: `${imageField}--${boundary}\r\nContent-Dispo` }, 'bad_multipart', null],
  ['cut off before its end', { body: `${imageField}${scriptFile}` }, 'bad_multipart', null],
  ['with 201 fields', { body: part('name="a"', 'x').repeat(201) + end }, 'bad_multipart', null],
  ['with a prototype', { body: `${part('name="__proto__"', 'x')}${end}` }, 'bad_multipart', null],
  [
    'with a file for a field that takes none',
    { body: `${imageField}${part('name="workdir"; filename="a"', 'x')}${end}` },
    'invalid_field',
    'workdir',
  ],
  ['with two scripts', { body: `${imageField}${scriptFile}${scriptFile}${end}` }, 'conflicting_fields', 'script'],
  [
    'with a script as file and as text',
    { body: `${imageField}${scriptFile}${part('name="script"', 'eA==')}${end}` },
    'conflicting_fields',
    'script',
  ],
  [
    'with data and dataurl',
    {
      body: `${imageField}${part('name="data"; filename="d"', 'x')}${part('name="dataurl"', 'http://x/y')}${end}`,
    },
    'conflicting_fields',
    'data',
  ],
  [
    'with a bad field behind a file',
    { body: `${scriptFile}${part('name="cpus"', '-1')}${imageField}${end}` },
    'invalid_field',
    'cpus',
  ],
  ['with no image behind a file', { body: `${scriptFile}${end}` }, 'invalid_field', 'image_name'],
  ['with JSON that is broken', { body: `${imageField}${part('name="env"', '{"A": ')}${end}` }, 'invalid_field', 'env'],
];

/** Bodies that cannot be read, or are too large, are refused, and what had come of them is deleted. */
export function describeRefusedBodies(parts: Parts): void {
  afterEach(() => removeAll(parts()));

  describe('a body that should be a JSON object is refused', () => {
    test.each(notJson)('%s', async (_title, body) => {
      await expectProblem(await submitBody(parts().client, body), 'bad_json', null);
      await expectNothingKept(parts());
    });
  });

  describe('a body of another type is refused', () => {
    test.each(['text/plain', 'application/xml', 'application/octet-stream', 'nonsense'])('%s', async (type) => {
      await expectProblem(await submitBody(parts().client, '{}', { type }), 'unsupported_media_type', null);
      await expectNothingKept(parts());
    });

    test('no type at all', async () => {
      const body = new Uint8Array(Buffer.from('{"image_name": "x"}'));
      await expectProblem(await submitBody(parts().client, body, { type: '' }), 'unsupported_media_type', null);
    });
  });

  describe('a multipart form is refused', () => {
    test.each(forms)('%s', async (_title, { body, type = multipart }, code, field) => {
      await expectProblem(await submitBody(parts().client, body, { type }), code, field);
      await expectNothingKept(parts());
    });
  });

  describe('what is too large is refused', () => {
    const large = randomBytes(17 * mebibyte);

    test('a script of 17 MiB in JSON', async () => {
      const answer = await submitJson(parts().client, { script: large.toString('base64') });
      await expectProblem(answer, 'script_too_large', 'script');
      await expectNothingKept(parts());
    });

    test('a script of 17 MiB as file of a form', async () => {
      const form = new FormData();
      form.append('image_name', 'boatload/sample');
      form.append('script', new Blob([large]), 'a.sh');
      const answer = await parts().client.call('/v1/container/', { method: 'POST', body: form });
      await expectProblem(answer, 'script_too_large', 'script');
      await expectNothingKept(parts());
    });

    test('a script of 17 MiB as text of a form', async () => {
      const form = new FormData();
      form.append('image_name', 'boatload/sample');
      form.append('script', large.toString('base64'));
      const answer = await parts().client.call('/v1/container/', { method: 'POST', body: form });
      await expectProblem(answer, 'script_too_large', 'script');
      await expectNothingKept(parts());
    });

    test('a JSON body of 40 MiB', async () => {
      const answer = await submitJson(parts().client, { labels: { a: 'x'.repeat(40 * mebibyte) } });
      await expectProblem(answer, 'body_too_large', null);
      await expectNothingKept(parts());
    });

    test('an urlencoded form of 40 MiB', async () => {
      const body = `image_name=boatload/sample&name=${'x'.repeat(40 * mebibyte)}`;
      const type = 'application/x-www-form-urlencoded';
      await expectProblem(await submitBody(parts().client, body, { type }), 'body_too_large', null);
      await expectNothingKept(parts());
    });
  });

  test('an upload whose connection breaks is deleted', async () => {
    const { client, service } = parts();
    const blobs = join(service.dataDir, 'blobs');
    const socket = connect(service.port, '127.0.0.1');
    await once(socket, 'connect');
    const head = [
      'POST /v1/container/ HTTP/1.1',
      'Host: localhost',
      `Authorization: JWT ${client.token}`,
      `Content-Type: ${multipart}`,
      `Content-Length: ${100 * mebibyte}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${imageField}${part('name="data"; filename="d"', 'x').slice(0, -2)}`);
    socket.write(randomBytes(mebibyte));
    await until(
      () => filesBelow(blobs),
      (files) => files.length === 1,
      'the upload to begin',
    );
    socket.destroy();
    await until(
      () => filesBelow(blobs),
      (files) => files.length === 0,
      'the upload to be deleted',
    );
    await expectNothingKept(parts());
    expect(await client.json('/v1/container/')).toEqual([]);
  });
}
