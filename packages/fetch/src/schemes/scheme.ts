import type { CallOptions } from '@boatload/contract';
import type { FetchMemory } from '../port.ts';

/** What names exactly the content that a try began with, so that the next one can go on with it. */
export type ResumeTag = Readonly<Record<string, string>>;

export interface Opening extends CallOptions {
  readonly url: string;
  /** What is there already; to go on after it is worth trying. */
  readonly resume?: { readonly offset: number; readonly tag: ResumeTag };
  /** Of an earlier fetch: if the content is still the same, it need not come. */
  readonly memory?: FetchMemory;
}

export type Opened = OpenedContent | { readonly kind: 'unchanged'; readonly memory: FetchMemory };

export interface OpenedContent {
  readonly kind: 'content';
  /** Offset of the body's first byte: where the caller wanted to go on, or 0. */
  readonly start: number;
  /** Bytes of the whole content. */
  readonly total?: number;
  /** Throws when the signal of the opening fires, and at its end if the content proves to be broken. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Absent: after a fault everything must come again. */
  readonly resumeTag?: ResumeTag;
  readonly fileName?: string;
  /** Absent: nothing may be remembered. */
  readonly memory?: FetchMemory;
  /** Lets go of connections and files; may be repeated. */
  close(): Promise<void>;
}

/** One kind of URL. */
export interface Scheme {
  /** With its colon: `https:`. */
  readonly protocols: readonly string[];

  /** @throws TryFault; fetch_failed and fetch_refused where no other try can help */
  open(opening: Opening): Promise<Opened>;

  /** Whether content is as good as new without being asked for. */
  isFresh(memory: FetchMemory): boolean;

  /** Lets go of what is kept between fetches. Default: nothing is. */
  close?(): Promise<void>;
}
