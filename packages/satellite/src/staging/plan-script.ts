import { BoatLoadError } from '@boatload/contract';

/** What decides how a script is run. */
export interface ScriptFacts {
  /** File name below /boatload. */
  readonly name: string;
  /** Name under which it was submitted, where that is another. */
  readonly fileName?: string;
  /** Its first bytes, at least the first line of any sensible script. */
  readonly head: Uint8Array;
  readonly interpreter?: readonly string[];
}

export interface ScriptPlan {
  /** What is run, the script's path included, its arguments not. */
  readonly command: readonly string[];
  /** Absolute path of the program that the kernel will look for when it reads the script's first line. */
  readonly shebang?: string;
}

/** How much of a script is looked at. */
export const scriptHeadBytes = 4_096;

/** Where scripts lie in the container. */
export const scriptDirectory = '/boatload';

const interpreters: Readonly<Record<string, string>> = {
  sh: 'sh',
  py: 'python3',
  js: 'node',
  rb: 'ruby',
  pl: 'perl',
  R: 'Rscript',
  jl: 'julia',
};

/**
 * How a script is run: by its interpreter if one was given, else by its shebang, else by the extension of its
 * name or of the name under which it was submitted, else, if it is no program for the kernel, by /bin/sh.
 * @throws script_crlf when Windows line ends would keep it from running
 */
export function planScript(facts: ScriptFacts): ScriptPlan {
  const path = `${scriptDirectory}/${facts.name}`;
  if (facts.interpreter !== undefined && facts.interpreter.length > 0) return { command: [...facts.interpreter, path] };
  const line = firstLine(facts.head);
  if (line.startsWith('#!')) return { command: [path], ...planShebang(line, facts) };
  const byExtension = interpreterOf(facts.name) ?? interpreterOf(facts.fileName ?? '');
  if (byExtension === undefined && isProgram(facts.head)) return { command: [path] };
  if ((byExtension === undefined || byExtension === 'sh') && line.endsWith('\r')) throw windowsLines(facts);
  return { command: [byExtension ?? '/bin/sh', path] };
}

function planShebang(line: string, facts: ScriptFacts): { readonly shebang?: string } {
  if (line.endsWith('\r')) throw windowsLines(facts);
  const program = line.slice(2).trim().split(/[ \t]/)[0] ?? '';
  return program.startsWith('/') ? { shebang: program } : {};
}

function firstLine(head: Uint8Array): string {
  return Buffer.from(head).toString('latin1').split('\n', 1)[0] ?? '';
}

function interpreterOf(name: string): string | undefined {
  const dot = name.lastIndexOf('.');
  return dot === -1 ? undefined : interpreters[name.slice(dot + 1)];
}

/** ELF, the format of Linux programs. */
function isProgram(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 4)).toString('latin1') === '\u007fELF';
}

function windowsLines({ name, fileName }: ScriptFacts): BoatLoadError {
  const file = fileName ?? name;
  return new BoatLoadError(
    'script_crlf',
    `The script ${file} has Windows line ends (CR LF), which Linux cannot run. Convert it, for example by «sed -i 's/\\r$//' ${file}» or «dos2unix ${file}», and submit it again; or name an interpreter that accepts them.`,
    { field: 'script' },
  );
}
