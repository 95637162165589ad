import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type AttemptRef, BoatLoadError, type ErrorCode } from '@boatload/contract';
import { type AttemptRecord, isPrepared } from './attempt-record.ts';
import { createDurably, syncDirectory, writeDurably, writeWhole } from './durable-file.ts';
import { removeTree } from './remove-tree.ts';

/** Why the Engine refused to start an attempt. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** The right to ask the Engine for one start, under one name of the container. */
export interface StartPermit {
  /** From 1. */
  readonly generation: number;
  /** The name under which the start was or may be asked for. */
  readonly name: string;
}

/**
 * What a satellite knows of its attempts: a directory for each below `attempts`, readable by its owner only.
 * All that is written is durable when its call returns, and whole after a crash at any moment.
 */
export class AttemptStore {
  /** For what need not outlive the process; emptied at boot. */
  readonly temporary: string;
  readonly #attempts: string;
  /** What this process wrote itself, and so need not read: a status is looked up several times in a short life. */
  readonly #written = new Map<string, AttemptRecord>();

  private constructor(stateDir: string) {
    this.temporary = join(stateDir, 'tmp');
    this.#attempts = join(stateDir, 'attempts');
  }

  /** Opens the state below a directory, which is made if needed. */
  static async open(stateDir: string): Promise<AttemptStore> {
    const store = new AttemptStore(stateDir);
    await removeTree(store.temporary);
    for (const directory of [store.temporary, store.#attempts]) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
    }
    await syncDirectory(stateDir);
    return store;
  }

  async list(): Promise<readonly AttemptRef[]> {
    const names = await readdir(this.#attempts);
    return names.map(parseKey).filter((ref) => ref !== undefined);
  }

  /** @throws internal when the record of an attempt whose start was asked for cannot be read */
  async read(ref: AttemptRef): Promise<AttemptRecord | undefined> {
    const written = this.#written.get(attemptKey(ref));
    if (written !== undefined) return written;
    const file = join(this.#directory(ref), 'record.json');
    const text = await readIfThere(file);
    if (text === undefined) return undefined;
    try {
      // A validated edge: only this class writes the file, and always as a whole.
      return JSON.parse(text) as AttemptRecord;
    } catch (cause) {
      // A preparation's record is not synced: a loss of power may empty it, and then it is as if there were none.
      if ((await this.lastPermit(ref)) === undefined) return undefined;
      const what = `What the node knows of an attempt that was started cannot be read (${file})`;
      throw new BoatLoadError('internal', `${what}: restore the file, or remove its directory.`, { cause });
    }
  }

  async write(record: AttemptRecord): Promise<void> {
    const file = join(this.#directory(record.ref), 'record.json');
    if (isPrepared(record)) {
      await writeDurably(file, JSON.stringify(record));
      await syncDirectory(this.#attempts);
    } else {
      // After a loss of power, a container without a record is found by its labels and removed.
      await mkdir(this.#directory(record.ref), { recursive: true, mode: 0o700 });
      await writeWhole(file, JSON.stringify(record));
    }
    this.#written.set(attemptKey(record.ref), record);
  }

  /** Forgets all of an attempt, the record first and at once. */
  async forget(ref: AttemptRef): Promise<void> {
    this.#written.delete(attemptKey(ref));
    const grave = join(this.temporary, `forgotten-${randomUUID()}`);
    try {
      await rename(this.#directory(ref), grave);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    await syncDirectory(this.#attempts);
    await removeTree(grave);
  }

  /** The last permit that was used up, if one was. */
  async lastPermit(ref: AttemptRef): Promise<StartPermit | undefined> {
    const names = await readdir(this.#directory(ref)).catch(noneIfMissing);
    const generations = names.map((name) => Number(/^permit-(\d+)$/.exec(name)?.[1] ?? 0));
    const generation = Math.max(0, ...generations);
    if (generation === 0) return undefined;
    return { generation, name: permitName(ref, generation) };
  }

  /**
   * Uses a permit up.
   * @throws already_started when it was used before
   */
  async usePermit(ref: AttemptRef, generation: number): Promise<StartPermit> {
    const name = permitName(ref, generation);
    try {
      await createDurably(join(this.#directory(ref), `permit-${generation}`), name);
    } catch (cause) {
      if (!isCode(cause, 'EEXIST')) throw cause;
      throw new BoatLoadError('already_started', `The start of ${name} was asked for before.`, { cause });
    }
    return { generation, name };
  }

  async readRefusal(ref: AttemptRef): Promise<Refusal | undefined> {
    const text = await readIfThere(join(this.#directory(ref), 'refusal.json'));
    // A validated edge, as in `read`.
    return text === undefined ? undefined : (JSON.parse(text) as Refusal);
  }

  async writeRefusal(ref: AttemptRef, refusal: Refusal): Promise<void> {
    await writeDurably(join(this.#directory(ref), 'refusal.json'), JSON.stringify(refusal));
  }

  /** Where the content of an attempt's mounts before its start is recorded. */
  baselineFile(ref: AttemptRef): string {
    return join(this.#directory(ref), 'baseline.jsonl');
  }

  /** Below it lie the mounts of an attempt that are directories. */
  mountsDirectory(ref: AttemptRef): string {
    return join(this.#directory(ref), 'mounts');
  }

  #directory(ref: AttemptRef): string {
    return join(this.#attempts, attemptKey(ref));
  }
}

/** An attempt in one word. @throws attempt_not_found when the reference is none */
export function attemptKey(ref: AttemptRef): string {
  if (/^[0-9a-f]{32}$/.test(ref.container) && Number.isSafeInteger(ref.attempt) && ref.attempt > 0) {
    return `${ref.container}-${ref.attempt}`;
  }
  throw new BoatLoadError('attempt_not_found', `There is no attempt ${ref.attempt} of a container ${ref.container}.`);
}

/** The name of an attempt's container on the Engine; every generation of its permit has another. */
export function permitName(ref: AttemptRef, generation: number): string {
  const name = `boatload-${attemptKey(ref)}`;
  return generation === 1 ? name : `${name}-g${generation}`;
}

function parseKey(name: string): AttemptRef | undefined {
  const found = /^([0-9a-f]{32})-([1-9][0-9]*)$/.exec(name);
  return found?.[1] === undefined ? undefined : { container: found[1], attempt: Number(found[2]) };
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Only what is not there is none: a permit that cannot be read may have been used. */
function noneIfMissing(error: unknown): readonly string[] {
  if (isMissing(error)) return [];
  throw error;
}

function isMissing(error: unknown): boolean {
  return isCode(error, 'ENOENT');
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
