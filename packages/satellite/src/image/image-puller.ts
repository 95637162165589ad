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
import { watchAbort } from '../take-turn.ts';

export interface ImageNeed extends CallOptions {
  readonly image: string;
  readonly pull: 'missing' | 'always' | 'never';
  readonly auth?: RegistryAuth;
  readonly onProgress: (progress: PullProgress) => void;
}

interface Pull {
  readonly listeners: Set<(progress: PullProgress) => void>;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** Brings images to the node. What several attempts wait for is pulled once, and for as long as one waits. */
export class ImagePuller {
  readonly #engine: Engine;
  readonly #pulls = new Map<string, Pull>();

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

  async #join(need: ImageNeed): Promise<void> {
    const key = pullKey(need.image, need.auth);
    const pull = this.#pulls.get(key) ?? this.#begin(key, need);
    pull.listeners.add(need.onProgress);
    const leave = (): void => {
      pull.listeners.delete(need.onProgress);
      if (pull.listeners.size === 0) pull.stop.abort();
    };
    const aborted = watchAbort(need.signal);
    try {
      await Promise.race([pull.done, aborted.promise]);
    } finally {
      aborted.release();
      leave();
    }
  }

  #begin(key: string, need: ImageNeed): Pull {
    const listeners = new Set<(progress: PullProgress) => void>();
    const stop = new AbortController();
    // Whoever joins after the last one left must not get the pull that was given up.
    stop.signal.addEventListener('abort', () => this.#pulls.delete(key), { once: true });
    const done = pullImage(this.#engine, need.image, {
      signal: stop.signal,
      ...(need.auth === undefined ? {} : { auth: need.auth }),
      onProgress: (progress) => {
        for (const listener of listeners) listener(progress);
      },
    });
    const pull: Pull = { listeners, stop, done };
    this.#pulls.set(key, pull);
    done.catch(() => undefined);
    return pull;
  }
}
