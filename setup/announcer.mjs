const nameWidth = 16;
const textWidth = 72;

/**
 * @typedef {object} Announcement
 * @property {(result?: string) => void} done Ends the line with the time it took; `result` replaces the text.
 * @property {() => void} failed Ends the line as failed.
 */

/**
 * Tells what set-up does, a line for each thing that had to be done, with the time it took. Nothing is
 * printed for what was in order already.
 */
export class Announcer {
  /** @type {NodeJS.WritableStream} */
  #out;
  #headed = false;

  /** @param {NodeJS.WritableStream} [out] Default: standard output. */
  constructor(out = process.stdout) {
    this.#out = out;
  }

  /**
   * Begins a line: what is being done, to what.
   * @param {string} name
   * @param {string} text
   * @returns {Announcement}
   */
  begin(name, text) {
    const began = performance.now();
    this.#head();
    this.#out.write(`  ${name.padEnd(nameWidth)}${`${text} …`.padEnd(textWidth)}`);
    return {
      done: (result) =>
        this.#out.write(`${formatDuration(began)}${result === undefined ? '' : `\n${indent(result)}`}\n`),
      failed: () => this.#out.write(`${formatDuration(began)}  failed\n`),
    };
  }

  /**
   * Tells what was done since `began`, for what is only known to have been necessary once it is over.
   * @param {string} name
   * @param {string} text
   * @param {number} began In the terms of `performance.now()`.
   */
  tell(name, text, began) {
    this.#head();
    this.#out.write(`  ${name.padEnd(nameWidth)}${text.padEnd(textWidth)}${formatDuration(began)}\n`);
  }

  /**
   * Tells something that took no time.
   * @param {string} name
   * @param {string} text
   */
  note(name, text) {
    this.#head();
    this.#out.write(`  ${name.padEnd(nameWidth)}${text}\n`);
  }

  /** Whether anything was told. */
  get spoke() {
    return this.#headed;
  }

  #head() {
    if (!this.#headed) this.#out.write('Setting up BoatLoad\n');
    this.#headed = true;
  }
}

/** @param {string} text */
function indent(text) {
  return `  ${' '.repeat(nameWidth)}${text}`;
}

/**
 * The time since `began`, in seconds, aligned to the right.
 * @param {number} began
 */
function formatDuration(began) {
  return `${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s`;
}
