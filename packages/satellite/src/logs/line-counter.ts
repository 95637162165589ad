import type { LogFrame } from '@boatload/engine';

const newline = 0x0a;

/** Numbers the lines of two interleaved streams in the order in which they began, from 1. */
export class LineCounter {
  readonly #open: { stdout: number | undefined; stderr: number | undefined } = {
    stdout: undefined,
    stderr: undefined,
  };
  #begun = 0;

  /** The number of the line that a piece belongs to, and whether it begins there. */
  count(frame: LogFrame): { readonly line: number; readonly begins: boolean } {
    const continued = this.#open[frame.stream];
    const line = continued ?? this.#begun + 1;
    if (continued === undefined) this.#begun = line;
    const complete = frame.data[frame.data.length - 1] === newline;
    this.#open[frame.stream] = complete ? undefined : line;
    return { line, begins: continued === undefined };
  }
}
