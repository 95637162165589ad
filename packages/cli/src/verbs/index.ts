import type { Command } from 'commander';
import { cacheVerb } from './cache.ts';
import { demoVerb } from './demo.ts';
import { hashPasswordVerb } from './hash-password.ts';
import { upVerb } from './up.ts';

/** Makes a verb: its options, its help and what it does. `signal` ends one that runs until it is stopped. */
export type MakeVerb = (signal: AbortSignal) => Command;

/** Every verb, in the order in which help lists them. */
export const verbs: readonly MakeVerb[] = [upVerb, demoVerb, cacheVerb, hashPasswordVerb];
