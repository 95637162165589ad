import type { Backend } from '@boatload/backend';
import { BoatLoadError } from '@boatload/contract';

/** The configured backends. A container stays with the one that it was submitted to. */
export class Backends {
  readonly #byName: ReadonlyMap<string, Backend>;
  /** Takes what is submitted. */
  readonly default: Backend;

  /** @param first the default */
  constructor(first: Backend, ...more: readonly Backend[]) {
    this.default = first;
    this.#byName = new Map([first, ...more].map((backend) => [backend.name, backend]));
  }

  /** @throws bad_configuration when the container's backend is not configured any more */
  of({ id, backend: name }: { readonly id: string; readonly backend: string }): Backend {
    const backend = this.#byName.get(name);
    if (backend !== undefined) return backend;
    const text = `Container ${id} belongs to the backend "${name}", which is not configured: configure it again.`;
    throw new BoatLoadError('bad_configuration', text);
  }

  [Symbol.iterator](): Iterator<Backend> {
    return this.#byName.values();
  }
}
