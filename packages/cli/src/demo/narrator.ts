import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'cyan' | 'red';

/** Tells the demo's story: calm lines, styled on a terminal only, and never where NO_COLOR is set. */
export class Narrator {
  readonly #out: NodeJS.WritableStream;
  readonly #styled: boolean;
  #steps = 0;

  constructor(
    out: NodeJS.WritableStream & { readonly isTTY?: boolean },
    env: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.#out = out;
    this.#styled = out.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  }

  /** A line of the story, outside its steps. */
  say(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  /** Begins a step with what happens in it and the command that does the same. */
  step(title: string, command?: string): void {
    this.#steps += 1;
    this.say();
    this.say(this.#style('bold', `${this.#steps}. ${title}`));
    if (command === undefined) return;
    for (const line of command.split('\n')) this.say(this.#style('dim', `   $ ${line}`.replace(/\$ (?= {2})/, '  ')));
  }

  /** What came of a step. */
  result(text: string): void {
    for (const line of text.trimEnd().split('\n')) this.say(`   ${line}`);
  }

  /** Something that the container wrote itself. */
  quote(line: string, stream: 'stdout' | 'stderr' = 'stdout'): void {
    this.say(`   ${this.#style(stream === 'stdout' ? 'cyan' : 'red', '│')} ${line}`);
  }

  /** Names with what belongs to them, in columns. */
  table(rows: readonly (readonly [string, string])[]): void {
    const width = Math.max(...rows.map(([name]) => name.length));
    for (const [name, value] of rows) this.say(`   ${name.padEnd(width)}  ${value}`);
  }

  #style(style: Style, text: string): string {
    // Whether this stream takes styles was decided once, above.
    return this.#styled ? styleText(style, text, { validateStream: false }) : text;
  }
}
