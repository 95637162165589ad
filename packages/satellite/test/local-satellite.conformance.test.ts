import { describeSatellite } from '../src/conformance/index.ts';
import { EngineRig } from './harness/engine-rig.ts';

const ways = [
  ['whose Engine mounts views', true],
  ['of an Engine elsewhere, through its API alone', false],
] as const;

for (const [name, views] of ways) {
  describeSatellite(name, async () => {
    const rig = await EngineRig.open();
    return {
      satellite: await rig.satellite({ views }),
      order: (changes) => rig.order(changes),
      upload: (content) => rig.upload(content),
      leftovers: (ref) => rig.leftovers(ref),
      [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
    };
  });
}
