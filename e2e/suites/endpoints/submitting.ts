import { randomBytes } from 'node:crypto';
import type { Container } from '@boatload/contract';
import { describe, expect, test } from 'vitest';
import { readProblem, sampleImage } from '../../harness/client.ts';
import { labelOf } from '../../harness/engine.ts';
import type { RunningService } from '../../harness/service.ts';
import { promiseNothingLeft, type SuiteParts, useService } from '../../harness/suite.ts';

const toBase64 = (text: string): string => Buffer.from(text).toString('base64');

/** A script that ends before what fills it up to a size: bytes that are no text. */
function makeScript(bytes: number): Buffer<ArrayBuffer> {
  const head = Buffer.from('#!/bin/sh\nwc -c < "$0"\nexit 0\n');
  return Buffer.concat([head, randomBytes(bytes - head.length)]);
}

const scripts = [
  { size: '4 KB', script: makeScript(4_096) },
  { size: '10 MB', script: makeScript(10_000_000) },
];

const ways = ['JSON', 'a form'] as const;

const shellNames = 'names="$1|$2|$3"; echo "$#:$names"';
const argumentTable = [
  ['a string is split as a shell splits words', `one 'two words' "th'ree"`, "3:one|two words|th'ree"],
  ['but no shell sees it', '$HOME * ;id', '3:$HOME|*|;id'],
  ['a list stays as it is', ['', 'a b', '"quoted"'], '3:|a b|"quoted"'],
] as const;

const settings = {
  env: { GREETING: 'hällo wörld', EMPTY: '', LINES: 'a\nb=c' },
  workdir: '/var/tmp',
  user: 'boat',
  labels: { team: 'blue', 'example.org/long': 'x y=z' },
  name: 'a-name_1.0',
  cpus: 0.5,
  memory: '128m',
  timeout: 60,
  retries: 1,
} as const;

const settingsScript = `printf '%s|%s|%s\\n' "$GREETING" "$EMPTY" "$LINES"
pwd
id -un
id -u
cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max
`;

/** What a submission may say, and that the container runs as it says. */
export function describeSubmitting(name: string, start: () => Promise<RunningService>): void {
  describe(`${name}: submitting`, () => {
    const parts = useService(start);
    promiseScripts(parts);
    promiseFields(parts);
    promiseIdempotency(parts);
    promiseNothingLeft(parts);
  });
}

function promiseScripts(parts: () => SuiteParts): void {
  test.concurrent.for(scripts.flatMap(({ size, script }) => ways.map((how) => [size, how, script] as const)))(
    'a script of %s in %s runs, and is given back byte for byte',
    async ([, how, script], { expect }) => {
      const { client } = parts();
      const { id } =
        how === 'JSON'
          ? await client.submit({ script })
          : await client.submitForm({}, { script: { name: 'run', content: script } });
      expect(await client.ended(id)).toMatchObject({ exit_code: 0, script_size: script.length });
      expect(await client.text(`/v1/container/${id}/stdout`)).toBe(`${script.length}\n`);
      const answer = await client.call(`/v1/container/${id}/script`);
      expect(answer.headers.get('content-length')).toBe(String(script.length));
      expect(Buffer.from(await answer.arrayBuffer()).equals(script)).toBe(true);
    },
  );

  test.concurrent.for(argumentTable)('container_args: %s', async ([, given, seen], { expect }) => {
    const { client } = parts();
    const { id } = await client.submit({ script: shellNames, container_args: given });
    await client.ended(id);
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe(`${seen}\n`);
  });
}

function promiseFields(parts: () => SuiteParts): void {
  test('POST answers 201, where the container is, and the container as info shows it', async () => {
    const { client } = parts();
    const answer = await client.call('/v1/container/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...sampleImage, script: toBase64('exit 0'), name: 'located', registry_auth: null }),
    });
    const made = JSON.parse(await answer.text()) as Container;
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v1/container/${made.id}/`);
    expect(made).toMatchObject({ name: 'located', state: 'submitted', attempt: 1, exit_code: null, node: null });
    const info = await client.ended(made.id);
    expect(Object.keys(info)).toEqual(Object.keys(made));
    expect(info).toMatchObject({ created_at: made.created_at, image_tag: 'latest', script_size: 6 });
  });

  test.for(ways)('env, workdir, user, limits, labels and name in %s are respected and shown', async (how) => {
    const { client } = parts();
    const { env, labels, ...rest } = settings;
    const texts = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)]));
    const form = { ...texts, env: JSON.stringify(env), labels: JSON.stringify(labels) };
    const { id } =
      how === 'JSON'
        ? await client.submit({ ...settings, script: settingsScript })
        : await client.submitForm({ ...form, script: toBase64(settingsScript) }, {});
    const memory = 128 * 1024 ** 2;
    expect(await client.ended(id)).toMatchObject({ ...settings, memory, exit_code: 0 });
    const expected = ['hällo wörld||a', 'b=c', '/var/tmp', 'boat', '1000', String(memory), ''];
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe(expected.join('\n'));
  });

  test('labels stand on the container on its node, but cannot take the place of ours', async () => {
    const { client, engine } = parts();
    const labels = { team: 'blue', 'io.boatload.container': 'another' };
    const { id } = await client.submit({ script: 'exit 0', labels });
    expect(await client.ended(id)).toMatchObject({ exit_code: 0, labels });
    expect(await engine.labelValue(labelOf(id), 'team')).toBe('blue');
    expect(await engine.labelValue(labelOf(id), 'io.boatload.container')).toBe(id);
  });

  test('entrypoint stands in for the image’s own, with container_args as its arguments', async () => {
    const { client } = parts();
    const { id } = await client.submit({ entrypoint: ['/usr/bin/printf', '%s-%s\n'], container_args: ['a b', 'c'] });
    expect(await client.ended(id)).toMatchObject({ exit_code: 0, scriptname: null, script_size: null, datapath: null });
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe('a b-c\n');
    const script = await client.call(`/v1/container/${id}/script`);
    expect(await readProblem(script)).toMatchObject({ status: 404, code: 'script_not_found' });
  });

  test('an entrypoint stands before a script', async () => {
    const { client } = parts();
    const fields = { entrypoint: '/usr/bin/env MARK=1', script: 'echo "$MARK $1"', container_args: 'x' };
    const { id } = await client.submit(fields);
    await client.ended(id);
    expect(await client.text(`/v1/container/${id}/stdout`)).toBe('1 x\n');
  });

  test('null and empty text mean absent', async () => {
    const { client } = parts();
    const empty = { dataurl: '', scripturl: null, datapath: '', workdir: null, env: null, name: '' };
    const { id } = await client.submit({ ...empty, script: 'exit 0' });
    expect(await client.ended(id)).toMatchObject({
      exit_code: 0,
      dataurl: null,
      datapath: '/data',
      name: null,
      env: {},
    });
  });

  test('a dry run answers what would be, and keeps nothing', async () => {
    const { client } = parts();
    const answer = await client.call('/v1/container/?dry_run=true', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...sampleImage, script: toBase64('exit 0'), name: 'dry' }),
    });
    expect([answer.status, answer.headers.get('location')]).toEqual([200, null]);
    const preview = JSON.parse(await answer.text()) as Container;
    expect(preview).toMatchObject({ name: 'dry', state: 'submitted', script_size: 6 });
    expect(await client.json('/v1/container/?name=dry')).toEqual([]);
    const info = await client.call(`/v1/container/${preview.id}/`);
    expect(await readProblem(info)).toMatchObject({ code: 'container_not_found' });
  });
}

function promiseIdempotency(parts: () => SuiteParts): void {
  const submit = (body: object, key: string): Promise<Response> =>
    parts().client.call('/v1/container/', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ ...sampleImage, script: toBase64('exit 0'), ...body }),
    });
  const idOf = async (answer: Response): Promise<string> => (JSON.parse(await answer.text()) as Container).id;

  test('one Idempotency-Key makes one container, however often and at once it is sent', async () => {
    const { client } = parts();
    const answers = await Promise.all(Array.from({ length: 5 }, () => submit({ name: 'once' }, 'key-1')));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true').length).toBe(4);
    expect(new Set(await Promise.all(answers.map(idOf))).size).toBe(1);
    expect((await client.json<Container[]>('/v1/container/?name=once')).length).toBe(1);
  });

  test('an Idempotency-Key is refused for another request', async () => {
    await submit({ name: 'first' }, 'key-2');
    const other = await submit({ name: 'second' }, 'key-2');
    expect(await readProblem(other)).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    expect(await parts().client.json('/v1/container/?name=second')).toEqual([]);
  });
}
