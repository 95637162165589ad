import { BoatLoadError, type ErrorCode } from '@boatload/contract';
import { refusalOf } from './errors.ts';

/** What is said of a container in the sentence about its failure. */
export interface FailureSubject {
  readonly image: string;
  /** First word of what the container runs, as far as it is known. */
  readonly command?: string;
  readonly user?: string;
  readonly workdir?: string;
}

interface Reading {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly sentence: (subject: FailureSubject, found: RegExpExecArray) => string;
}

const commandIn = (subject: FailureSubject, found: RegExpExecArray): string => found[1] ?? subject.command ?? '';

/** The first that matches counts. Seen on Engines 20.10 to 29 (runc 1.0 to 1.3). */
const readings: readonly Reading[] = [
  {
    // First, because it names paths of the node, which may have any of the words below.
    pattern: /failed to mount local volume: .*: no such file or directory/i,
    code: 'start_failed',
    sentence: () =>
      "The script or the data are no longer where the node's service keeps them: somebody removed them from its state directory. Submit again.",
  },
  {
    pattern: /unable to find (?:user|group) (\S+):/i,
    code: 'user_not_found',
    sentence: ({ image }, found) =>
      `The image ${image} has no user or group ${found[1]}: name one that it has, or use numbers such as 1000:1000.`,
  },
  {
    pattern: /no command specified/i,
    code: 'command_not_found',
    sentence: ({ image }) =>
      `Nothing to run: the image ${image} has no command of its own. Give a script, container_args or an entrypoint.`,
  },
  {
    pattern: /exec: "([^"]*)": (?:executable file not found|stat \S+: no such file)/i,
    code: 'command_not_found',
    sentence: (subject, found) =>
      `The image ${subject.image} has no command ${commandIn(subject, found)}: correct the command, or use an image that contains it.`,
  },
  {
    pattern: /exec format error/i,
    code: 'command_not_executable',
    sentence: ({ image, command }) =>
      `${command ?? 'The command'} in the image ${image} is not a program for this node's processor: use an image for its architecture, or name an interpreter.`,
  },
  {
    pattern: /exec: "([^"]*)": permission denied/i,
    code: 'command_not_executable',
    sentence: (subject, found) =>
      `${commandIn(subject, found)} in the image ${subject.image} may not be executed: it is a directory, or its execute permission is missing for the container's user.`,
  },
  {
    pattern: /cannot mkdir|mkdir .*not a directory|chdir to cwd/i,
    code: 'start_failed',
    sentence: ({ image, workdir }) =>
      `The working directory ${workdir ?? ''} cannot be used in the image ${image}: it is not a directory, or the container's user may not enter it. Choose another workdir.`,
  },
  {
    pattern: /OOM.killed|memory limit too low|cannot allocate memory/i,
    code: 'out_of_memory',
    sentence: ({ image }) =>
      `There is too little memory to start the image ${image}: ask for more memory, or wait until the node has some.`,
  },
  {
    pattern: /range of cpus is from ([\d.]+) to ([\d.]+)/i,
    code: 'resources_unavailable',
    sentence: (_subject, found) =>
      `The node can give between ${found[1]} and ${found[2]} processors: ask for a number of cpus in this range.`,
  },
  {
    pattern: /minimum memory limit allowed is (\S+)/i,
    code: 'resources_unavailable',
    sentence: (_subject, found) => `The least memory that the node can give is ${found[1]}: ask for at least that.`,
  },
  {
    pattern: /no space left on device|disk quota exceeded/i,
    code: 'resources_unavailable',
    sentence: () =>
      "The node's disk is full: remove containers and images that are no longer needed, then submit again.",
  },
  {
    pattern: /could not select device driver|memory limit|pids limit|cgroup/i,
    code: 'resources_unavailable',
    sentence: (_subject, found) =>
      `The node cannot give the resources that were asked for: ${found.input.trim()}. Ask for less, or for others.`,
  },
];

/** Why a container could not be started, from the Engine's own words. */
export function convertStartFailure(reason: string, subject: FailureSubject): BoatLoadError {
  for (const { pattern, code, sentence } of readings) {
    const found = pattern.exec(reason);
    if (found !== null) return new BoatLoadError(code, sentence(subject, found), { cause: new Error(reason) });
  }
  return new BoatLoadError('start_failed', `The container of ${subject.image} could not be started: ${reason.trim()}`);
}

/**
 * Why a container could not be created: the same readings where one fits; all other errors, a lost
 * connection above all, are given back as they are.
 */
export function convertCreateFailure(error: unknown, subject: FailureSubject): unknown {
  const refusal = refusalOf(error);
  if (refusal === undefined) return error;
  if (refusal.status === 404 && /no such image/i.test(refusal.reason)) return imageNotFound(subject.image);
  return readings.some(({ pattern }) => pattern.test(refusal.reason))
    ? convertStartFailure(refusal.reason, subject)
    : error;
}

/** @param advice what to do next, where the general advice does not fit */
export function imageNotFound(image: string, advice?: string): BoatLoadError {
  const next = advice ?? 'Check its name and tag; a private image needs a log-in (registry_auth).';
  return new BoatLoadError('image_not_found', `The image ${image} does not exist. ${next}`);
}
