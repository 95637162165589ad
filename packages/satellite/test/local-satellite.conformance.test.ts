import { describeSatellite } from '../src/conformance/index.ts';
import { EngineRig } from './harness/engine-rig.ts';

const ways = [
  ['whose directories the Engine shares', true],
  ['of an Engine elsewhere, through its API alone', false],
] as const;

for (const [name, shareDirectories] of ways) {
  describeSatellite(name, async () => {
    const rig = await EngineRig.open();
    return {
      satellite: await rig.satellite({ shareDirectories }),
      order: (changes) => rig.order(changes),
      upload: (content) => rig.upload(content),
      leftovers: (ref) => rig.leftovers(ref),
      [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
    };
  });
}
