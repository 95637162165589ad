import type { Container } from '@boatload/contract';
import { connectEngine, type Engine } from '@boatload/engine';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { labelOf } from '../harness/engine.ts';
import { type PrivateImage, pushPrivateImage, removeImages } from '../harness/private-image.ts';
import { expectSentence } from '../harness/problem.ts';
import { type Registry, startRegistry } from '../harness/registry.ts';
import { startService } from '../harness/service.ts';
import { promiseNothingLeft, useService } from '../harness/suite.ts';
import { until } from '../harness/until.ts';

describe('images of a private registry', () => {
  const parts = useService(startService);
  let registry: Registry;
  let engine: Engine;
  let first: PrivateImage;
  let second: PrivateImage;

  beforeAll(async () => {
    const host = process.env.DOCKER_HOST;
    engine = connectEngine(host === undefined ? {} : { host });
    registry = await startRegistry();
    first = await pushPrivateImage(engine, registry, 'first');
    second = await pushPrivateImage(engine, registry, 'second');
  });
  afterAll(async () => {
    await removeImages(engine, registry);
    engine.close();
    await registry[Symbol.asyncDispose]();
  });

  /** Submits what prints which image it runs in. */
  const submit = (fields: Record<string, unknown>): Promise<Container> =>
    parts().client.submit({
      image_name: first.name,
      image_tag: first.tag,
      pull: 'always',
      registry_auth: registry.login,
      container_args: 'cat /mark',
      ...fields,
    });
  const marked = async (id: string): Promise<string> => {
    expect(await parts().client.ended(id)).toMatchObject({ state: 'exited', exit_code: 0 });
    return parts().client.text(`/v1/container/${id}/stdout`);
  };

  test('with a log-in the image is pulled, told as progress, and run', async () => {
    const release = registry.holdLayers();
    const { id } = await submit({ pull: 'missing' });
    const pulling = await until(
      () => parts().client.info(id),
      ({ progress, state }) => state === 'failed' || (progress?.done ?? 0) > 0,
      'the pull to be under way',
    );
    expect(pulling).toMatchObject({ state: 'staging', started_at: null, progress: { step: 'pulling image' } });
    expect(pulling.progress?.total).toBeGreaterThan(pulling.progress?.done ?? 0);
    expect(pulling.progress?.total).toBeGreaterThan(4 * 1_048_576);
    release();
    expect(await marked(id)).toBe('first');
    expect(await parts().client.info(id)).toMatchObject({ progress: null });
  });

  test('a container that waits for its image can be deleted, and the pull ends with it', async () => {
    const release = registry.holdLayers();
    const { id } = await submit({ image_tag: second.tag });
    await parts().client.reached(id, 'staging');
    await parts().client.remove(id);
    expect((await parts().client.call(`/v1/container/${id}`)).status).toBe(404);
    release();
  });

  test('by its digest the image is exactly that one', async () => {
    const { id } = await submit({ image_tag: second.digest, pull: 'missing' });
    expect(await marked(id)).toBe('second');
    expect(await parts().client.info(id)).toMatchObject({ image_tag: second.digest });
  });

  test('pull: always takes what the tag means now, missing and never what the node has', async () => {
    const repository = first.name.slice(registry.host.length + 1);
    await registry.retag(repository, 'first', 'moving');
    const before = await submit({ image_tag: 'moving' });
    expect(await marked(before.id)).toBe('first');
    await registry.retag(repository, 'second', 'moving');
    for (const pull of ['missing', 'never']) {
      const kept = await submit({ image_tag: 'moving', pull });
      expect(await marked(kept.id)).toBe('first');
    }
    const after = await submit({ image_tag: 'moving' });
    expect(await marked(after.id)).toBe('second');
  });

  test.each([
    ['without a log-in', { registry_auth: null }, 'image_denied'],
    ['with an unknown user', { registry_auth: { username: 'nobody', password: 'x' } }, 'image_denied'],
    ['with a wrong password', { registry_auth: { username: 'captain', password: 'x' } }, 'image_denied'],
    ['with an unknown tag', { image_tag: 'no-such-tag' }, 'image_not_found'],
    ['with an unknown digest', { image_tag: `sha256:${'0'.repeat(64)}` }, 'image_not_found'],
  ])('%s it ends failed, at once, with a reason to act on', async (_title, fields, code) => {
    const { client, engine: view } = parts();
    const { id } = await submit({ ...fields, retries: 0 });
    const ended = await client.ended(id);
    expect(ended).toMatchObject({ state: 'failed', reason_code: code, started_at: null });
    expectSentence(ended.reason);
    expect(ended.reason).toContain(first.name);
    expect(await view.containersOf(labelOf(id))).toEqual([]);
  });

  test('the password is in no answer, not in the log, and not on the Engine', async () => {
    const { client, service } = parts();
    const all = await client.json<Container[]>('/v1/container/');
    const answers = all.flatMap(({ id }) =>
      ['', '/state', '/stdout', '/changes'].map((end) => `/v1/container/${id}${end}`),
    );
    const texts = await Promise.all(['/v1/container/', ...answers].map((path) => client.text(path)));
    const inspected = await Promise.all(
      all.map(async ({ id }) => {
        const filters = JSON.stringify({ label: [labelOf(id)] });
        const found = await engine.json({ method: 'GET', path: '/containers/json', query: { all: true, filters } });
        return JSON.stringify(found);
      }),
    );
    const { password } = registry.login;
    const encoded = Buffer.from(password).toString('base64').slice(0, -4);
    for (const text of [...texts, ...inspected, service.printed()]) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(encoded);
    }
  });

  test('nor in the answer to the submission, nor in a refusal of it', async () => {
    const { client } = parts();
    const body = (fields: object): RequestInit => ({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ image_name: first.name, registry_auth: registry.login, ...fields }),
    });
    expect(await client.text('/v1/container/?dry_run=true', body({}))).not.toContain(registry.login.password);
    const auth = { ...registry.login, unknown: 1 };
    for (const fields of [{ cpus: -1 }, { registry_auth: auth }, { registry_auth: registry.login.password }]) {
      const refused = await client.call('/v1/container/?strict=true', body(fields));
      expect(refused.status).toBe(400);
      expect(await refused.text()).not.toContain(registry.login.password);
    }
  });

  promiseNothingLeft(parts);
});
