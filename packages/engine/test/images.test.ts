import type { RegistryAuth } from '@boatload/contract';
import { afterAll, describe, expect, it } from 'vitest';
import {
  connectEngine,
  engineOptionsFromEnvironment,
  inspectImage,
  type PullProgress,
  pullImage,
  splitReference,
} from '../src/index.ts';
import { openRegistry } from './harness/registry.ts';
import { sampleImage } from './scratch-container.ts';

const engine = connectEngine(engineOptionsFromEnvironment(process.env));

afterAll(() => engine.close());

async function removeImage(image: string): Promise<void> {
  await engine.json({ method: 'DELETE', path: `/images/${image}`, query: { force: true } });
}

describe('an image', () => {
  it('is told by what it is', async () => {
    const found = await inspectImage(engine, sampleImage);
    expect(found).toMatchObject({ id: expect.stringMatching(/^sha256:/), user: '', volumes: [], command: ['/bin/sh'] });
  });

  it('that is not there is undefined', async () => {
    expect(await inspectImage(engine, 'boatload/no-such-image:none')).toBeUndefined();
  });

  it('is pulled, and tells how far it is', async () => {
    await using registry = await openRegistry();
    const image = `${registry.host}/some/tool:1.0`;
    const seen: PullProgress[] = [];
    await pullImage(engine, image, { onProgress: (progress) => seen.push(progress) });
    expect(await inspectImage(engine, image)).toBeDefined();
    for (const { done, total } of seen) expect(done).toBeLessThanOrEqual(total ?? 0);
    await removeImage(image);
  });

  it('is pulled with a log-in', async () => {
    await using registry = await openRegistry({ login: true });
    const image = `${registry.host}/private/tool:1.0`;
    const auth = { username: 'user', password: 'secret', serveraddress: registry.host };
    await pullImage(engine, image, { auth });
    expect(await inspectImage(engine, image)).toBeDefined();
    await removeImage(image);
  });

  it.each<[string, boolean, RegistryAuth | undefined, string]>([
    ['some/tool:1', true, undefined, 'image_denied'],
    ['some/tool:1', true, { username: 'user', password: 'wrong' }, 'image_denied'],
    ['none/tool:1', false, undefined, 'image_not_found'],
  ])('%s (log-in needed: %s) with %j ends with %s', async (name, login, auth, code) => {
    await using registry = await openRegistry({ login });
    const pulling = pullImage(engine, `${registry.host}/${name}`, auth === undefined ? {} : { auth });
    await expect(pulling).rejects.toMatchObject({ code, message: expect.stringContaining(name) });
  });

  it('of a registry that is not there could not be pulled', async () => {
    const pulling = pullImage(engine, '127.0.0.1:9/some/tool:1');
    await expect(pulling).rejects.toMatchObject({ code: 'image_pull_failed' });
  });

  it.each([
    ['tool', 'tool', 'latest'],
    ['tool:1', 'tool', '1'],
    ['host:5000/tool', 'host:5000/tool', 'latest'],
    ['host:5000/a/tool:1', 'host:5000/a/tool', '1'],
    ['tool@sha256:ab', 'tool', 'sha256:ab'],
    ['host:5000/tool:1@sha256:ab', 'host:5000/tool', 'sha256:ab'],
  ])('%s has the name %s and the tag %s', (reference, name, tag) => {
    expect(splitReference(reference)).toEqual({ name, tag });
  });
});
