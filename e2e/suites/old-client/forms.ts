import type { Container } from '@boatload/contract';
import { beforeAll, expect, test } from 'vitest';
import { Browser } from '../../harness/browser.ts';
import { sampleImage } from '../../harness/client.ts';
import type { SuiteParts } from '../../harness/suite.ts';
import { makeZip } from '../../harness/zip-file.ts';

const script = '#!/bin/sh\nfor word in "$@"; do echo "<$word>"; done\ncat numbers/one.txt 2>/dev/null; true\n';
const words = `plain 'single quoted' "double quoted" back\\ slash mixed'"'quotes $HOME *.txt`;
const printed = ['plain', 'single quoted', 'double quoted', 'back slash', 'mixed"quotes', '$HOME', '*.txt'].map(
  (word) => `<${word}>\n`,
);

/** Every field of the predecessor's form; most of them empty, as its page sends them. */
const form = {
  ...sampleImage,
  scriptname: '',
  script: '',
  scripturl: '',
  dataurl: '',
  datapath: '',
  container_args: '',
};

/** What the predecessor's web page and command-line client send. */
export function describeForms(parts: () => SuiteParts): void {
  let urlencoded: Container;
  let multipart: Container;
  let json: Container;

  beforeAll(async () => {
    const { service, client } = parts();
    const browser = new Browser(service.url);
    await browser.logIn('admin', 'admin');
    const csrfmiddlewaretoken = browser.csrfToken;
    const encoded = Buffer.from(script).toString('base64');
    urlencoded = await created(
      await browser.post('/v1/container/', { ...form, csrfmiddlewaretoken, script: encoded, container_args: words }),
    );
    const files = new FormData();
    for (const [name, value] of Object.entries({ ...form, csrfmiddlewaretoken, container_args: words })) {
      if (name !== 'script') files.append(name, value);
    }
    files.append('script', new Blob([script]), 'words.sh');
    files.append('data', new Blob([makeZip([{ name: 'numbers/one.txt', content: '1\n' }])]), 'numbers.zip');
    multipart = await created(await browser.send('/v1/container/', { method: 'POST', body: files }));
    json = await created(
      await client.call('/v1/container', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...form, dataurl: null, script: encoded, container_args: words }),
      }),
    );
  });

  test('empty fields are absent ones, and csrfmiddlewaretoken is no field', () => {
    for (const container of [urlencoded, multipart, json]) {
      expect(container).toMatchObject({
        warnings: [],
        scriptname: 'script',
        scripturl: null,
        dataurl: null,
        datapath: '/data',
        image_name: sampleImage.image_name,
        image_tag: sampleImage.image_tag,
      });
    }
    expect(multipart).toMatchObject({ data_name: 'numbers.zip', script_size: script.length });
  });

  test('a url-encoded form runs, its container_args split as a shell splits, but without a shell', async () => {
    const { client } = parts();
    expect(await client.ended(urlencoded.id)).toMatchObject({ state: 'exited', exit_code: 0 });
    expect(await client.text(`/v1/container/${urlencoded.id}/stdout`)).toBe(printed.join(''));
  });

  test('a multipart form runs with its script and its unpacked zip', async () => {
    const { client } = parts();
    expect(await client.ended(multipart.id)).toMatchObject({ state: 'exited', exit_code: 0 });
    expect(await client.text(`/v1/container/${multipart.id}/stdout`)).toBe(`${printed.join('')}1\n`);
    expect(await client.text(`/v1/container/${multipart.id}/script`)).toBe(script);
  });

  test('JSON with null and "" runs, too', async () => {
    const { client } = parts();
    expect(await client.ended(json.id)).toMatchObject({ state: 'exited', exit_code: 0 });
    expect(await client.text(`/v1/container/${json.id}/stdout`)).toBe(printed.join(''));
  });

  test('a form whose file fields were left empty is one without files', async () => {
    const body = new FormData();
    for (const [name, value] of Object.entries(form)) if (name !== 'script') body.append(name, value);
    body.append('script', new Blob([]), '');
    body.append('data', new Blob([]), '');
    const answer = await parts().client.call('/v1/container/?dry_run=true', { method: 'POST', body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(await answer.text())).toMatchObject({ scriptname: null, script_size: null, data_size: null });
  });

  test('values that are not text come as JSON text in a form', async () => {
    const body = new URLSearchParams({ ...form, env: '{"A": "1"}', cpus: '0.5', retries: '2', memory: '64m' });
    const answer = await parts().client.call('/v1/container/?dry_run=true', { method: 'POST', body });
    expect(answer.status).toBe(200);
    expect(JSON.parse(await answer.text())).toMatchObject({
      env: { A: '1' },
      cpus: 0.5,
      retries: 2,
      memory: 67_108_864,
    });
  });
}

async function created(answer: Response): Promise<Container> {
  const text = await answer.text();
  expect(answer.status, text).toBe(201);
  return JSON.parse(text);
}
