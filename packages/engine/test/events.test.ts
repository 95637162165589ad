import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import {
  connectEngine,
  createContainer,
  engineOptionsFromEnvironment,
  inspectContainer,
  killContainer,
  listContainers,
  removeContainer,
  renameContainer,
  startContainer,
  stopContainer,
  subscribeEvents,
} from '../src/index.ts';
import { sampleImage } from './scratch-container.ts';

const engine = connectEngine(engineOptionsFromEnvironment(process.env));
const labels = { 'boatload.test': randomUUID() };
const name = `boatload-test-${randomUUID()}`;

afterAll(async () => {
  for (const { id } of await listContainers(engine, labels)) await removeContainer(engine, id);
  engine.close();
});

const creation = { Image: sampleImage, Cmd: ['sleep', '1000'], Labels: labels };

describe("a container's life on the Engine", () => {
  it('is told event by event', async () => {
    const signal = AbortSignal.timeout(30_000);
    const events = await subscribeEvents(engine, labels, { signal });
    const id = await createContainer(engine, name, { creation });
    await startContainer(engine, name);
    await startContainer(engine, name);
    expect(await inspectContainer(engine, id)).toMatchObject({ id, name, labels, state: { Running: true } });
    await killContainer(engine, id);
    await removeContainer(engine, id);
    const seen: string[] = [];
    for await (const { action, id: of, labels: carried } of events) {
      expect(of).toBe(id);
      expect(carried).toMatchObject(labels);
      seen.push(action);
      if (action === 'destroy') break;
    }
    expect(seen).toEqual(['start', 'die', 'destroy']);
    expect(await inspectContainer(engine, id)).toBeUndefined();
  });

  it('may be stopped, renamed and removed again without complaint', async () => {
    const id = await createContainer(engine, name, { creation });
    await stopContainer(engine, id);
    await renameContainer(engine, id, { name: `${name}-2` });
    expect(await listContainers(engine, labels)).toEqual([
      { id, name: `${name}-2`, labels: expect.objectContaining(labels) },
    ]);
    await removeContainer(engine, id);
    await removeContainer(engine, id);
    await stopContainer(engine, id);
  });

  it('cannot begin twice under one name', async () => {
    const id = await createContainer(engine, name, { creation });
    await expect(createContainer(engine, name, { creation })).rejects.toMatchObject({ code: 'engine_error' });
    await removeContainer(engine, id);
  });
});
