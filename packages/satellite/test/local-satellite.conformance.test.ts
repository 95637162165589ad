import { describeSatellite } from '../src/conformance/index.ts';
import { EngineRig } from './harness/engine-rig.ts';

describeSatellite('of the node on which the Engine runs', async () => {
  const rig = await EngineRig.open();
  return {
    satellite: await rig.satellite(),
    order: (changes) => rig.order(changes),
    upload: (content) => rig.upload(content),
    leftovers: (ref) => rig.leftovers(ref),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
});
