import { BoatLoadError, type CallOptions, type RegistryAuth } from '@boatload/contract';
import {
  type Engine,
  type ImageInspection,
  imageNotFound,
  inspectImage,
  type PullProgress,
  pullImage,
  pullKey,
} from '@boatload/engine';
import { SingleFlight } from '../single-flight.ts';

export interface ImageNeed extends CallOptions {
  readonly image: string;
  readonly pull: 'missing' | 'always' | 'never';
  readonly auth?: RegistryAuth;
  readonly onProgress: (progress: PullProgress) => void;
}

/** Brings images to the node. What several attempts wait for is pulled once, and for as long as one waits. */
export class ImagePuller {
  readonly #engine: Engine;
  readonly #pulls = new SingleFlight<void, PullProgress>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @throws image_not_found, image_denied, image_pull_failed */
  async ensure(need: ImageNeed): Promise<ImageInspection> {
    const { image, pull, signal } = need;
    const options = signal === undefined ? {} : { signal };
    const present = pull === 'always' ? undefined : await inspectImage(this.#engine, image, options);
    if (present !== undefined) return present;
    if (pull === 'never') {
      throw imageNotFound(image, 'It is not on the node and «pull» is «never»: use «missing», or load it there first.');
    }
    await this.#join(need);
    const pulled = await inspectImage(this.#engine, image, options);
    if (pulled !== undefined) return pulled;
    throw new BoatLoadError('image_pull_failed', `The image ${image} was pulled but is gone again: submit once more.`);
  }

  async #join({ image, auth, onProgress, signal }: ImageNeed): Promise<void> {
    await this.#pulls.run(pullKey(image, auth), {
      work: (stop, report) =>
        pullImage(this.#engine, image, {
          signal: stop,
          ...(auth === undefined ? {} : { auth }),
          onProgress: report,
        }),
      onProgress,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}
