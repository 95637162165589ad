import { connectEngine, engineOptionsFromEnvironment } from '@boatload/engine';
import { afterAll, describe, expect, it } from 'vitest';
import { openRegistry } from '../../../engine/test/harness/registry.ts';
import { ImagePuller } from '../../src/image/image-puller.ts';

const engine = connectEngine(engineOptionsFromEnvironment(process.env));
const pulled: string[] = [];

afterAll(async () => {
  for (const image of pulled) {
    await engine.json({ method: 'DELETE', path: `/images/${image}`, query: { force: true } }).catch(() => undefined);
  }
  engine.close();
});

function need(image: string, signal?: AbortSignal) {
  pulled.push(image);
  return { image, pull: 'missing', onProgress: () => undefined, ...(signal === undefined ? {} : { signal }) } as const;
}

describe('an image that several attempts need', () => {
  it('is pulled once', async () => {
    await using registry = await openRegistry();
    const puller = new ImagePuller(engine);
    const image = `${registry.host}/shared/tool:1`;
    const found = await Promise.all(Array.from({ length: 5 }, () => puller.ensure(need(image))));
    expect(new Set(found.map(({ id }) => id)).size).toBe(1);
    await puller.ensure(need(image));
    expect(registry.pulls()).toBe(1);
  });

  it('is pulled on as long as one of them waits', async () => {
    let send: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => {
      send = resolve;
    });
    await using registry = await openRegistry({ hold });
    const puller = new ImagePuller(engine);
    const image = `${registry.host}/held/tool:1`;
    const impatient = new AbortController();
    const leaving = puller.ensure(need(image, impatient.signal));
    const staying = puller.ensure(need(image));
    impatient.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    send();
    expect(await staying).toMatchObject({ id: expect.stringMatching(/^sha256:/) });
  });

  it('is not pulled on when nobody waits any more, and anew when somebody does again', async () => {
    let send: () => void = () => undefined;
    const hold = new Promise<void>((resolve) => {
      send = resolve;
    });
    await using registry = await openRegistry({ hold });
    const puller = new ImagePuller(engine);
    const image = `${registry.host}/dropped/tool:1`;
    const impatient = new AbortController();
    const leaving = puller.ensure(need(image, impatient.signal));
    impatient.abort();
    await expect(leaving).rejects.toMatchObject({ name: 'AbortError' });
    send();
    expect(await puller.ensure(need(image))).toMatchObject({ id: expect.stringMatching(/^sha256:/) });
  });

  it('is always pulled if so ordered, and never if so ordered', async () => {
    await using registry = await openRegistry();
    const puller = new ImagePuller(engine);
    const image = `${registry.host}/policy/tool:1`;
    await expect(puller.ensure({ ...need(image), pull: 'never' })).rejects.toMatchObject({ code: 'image_not_found' });
    await puller.ensure({ ...need(image), pull: 'always' });
    await puller.ensure({ ...need(image), pull: 'always' });
    await puller.ensure({ ...need(image), pull: 'never' });
    expect(registry.pulls()).toBe(2);
  });
});
