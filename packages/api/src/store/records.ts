import type {
  Attempt,
  ContainerState,
  DockerState,
  Progress,
  RegistryAuth,
  Source,
  TimelineEntry,
  Warning,
} from '@boatload/contract';

/** What was asked for, normalised: defaults filled in, uploads already in the blob store. */
export interface Submission {
  readonly image: { readonly name: string; readonly tag: string };
  readonly pull: 'missing' | 'always' | 'never';
  readonly registryAuth?: RegistryAuth;
  readonly script?: Source;
  /** File name below /boatload; set if and only if there is a script. */
  readonly scriptname?: string;
  /** Name under which the script was submitted; its extension may choose the interpreter. */
  readonly scriptFile?: string;
  readonly data?: Source;
  /** File name under which data that are not an archive are placed. */
  readonly dataName?: string;
  /** Whether an archive is unpacked. Default true. */
  readonly unpack?: boolean;
  /** Who fetches what is at a URL. Default `node`. */
  readonly fetch?: 'node' | 'api';
  /** Whether the container is told to fetch through the data proxy. Default false. */
  readonly dataProxy?: boolean;
  readonly datapath?: string;
  readonly args: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly interpreter?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly restart: RestartPolicy;
  /** How many more attempts follow one that did not end with exit code 0. */
  readonly retries: number;
  /** Seconds that one attempt may run. */
  readonly timeout?: number;
  /** Processors. */
  readonly cpus?: number;
  /** Bytes. */
  readonly memory?: number;
  readonly name?: string;
  readonly workdir?: string;
  readonly user?: string;
}

/** `max` belongs to `on-failure`; absent there: no limit. */
export interface RestartPolicy {
  readonly policy: 'no' | 'on-failure' | 'always';
  readonly max?: number;
}

/** What the API fetched of a container's script or data, as it stands in the blob store. */
export interface FetchedBlob {
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** What the server or the URL calls it. */
  readonly fileName?: string;
}

/** The parts of a submission that may be at a URL. */
export type FetchedPart = 'script' | 'data';

/** An attempt as it is kept. */
export interface StoredAttempt extends Attempt {
  /**
   * Number of the attempt under which the real container was made: it names the container on its node.
   * Lower than `attempt` only where the Engine restarts the container by itself.
   */
  readonly launch: number;
  /** The Engine's last word on it; empty before the start. */
  readonly dockerState: DockerState;
}

/** A container as it is kept. */
export interface StoredContainer {
  readonly id: string;
  readonly owner: string;
  readonly backend: string;
  readonly submission: Submission;
  readonly warnings: readonly Warning[];
  /** RFC 3339, UTC, milliseconds. */
  readonly createdAt: string;
  readonly state: ContainerState;
  readonly reason: string | null;
  readonly reasonCode: string | null;
  /** Number of the last attempt. */
  readonly attempt: number;
  readonly desired: 'run' | 'removed';
  /** Seconds between TERM and KILL when it is removed while it runs. */
  readonly graceSeconds: number;
  /** By number; never empty. */
  readonly attempts: readonly StoredAttempt[];
  /** In the order in which it happened. */
  readonly timeline: readonly TimelineEntry[];
  /** What the API has fetched for its nodes, where that is asked for. */
  readonly fetched: Readonly<Partial<Record<FetchedPart, FetchedBlob>>>;
}

/** What a commit changed about a container. */
export interface ContainerNews {
  readonly id: string;
  readonly owner: string;
  /** What was added to its timeline, each with its number there. */
  readonly entries: readonly (TimelineEntry & { readonly seq: number })[];
  /** Whether it was forgotten. */
  readonly isErased: boolean;
}

/** A container to be kept, with its first attempt. */
export interface NewContainer {
  readonly id: string;
  readonly owner: string;
  readonly backend: string;
  readonly submission: Submission;
  readonly warnings: readonly Warning[];
  /** RFC 3339, UTC, milliseconds. */
  readonly at: string;
  /** The request's Idempotency-Key and a digest of all that the request asked for. Keys belong to an owner. */
  readonly idempotency?: { readonly key: string; readonly fingerprint: string };
}

export interface SubmitResult {
  /** `replayed`: the key was used before for the same request; `container` is the one made then. */
  readonly outcome: 'created' | 'replayed';
  readonly container: StoredContainer;
}

/** All conditions must hold. Absent: no condition. */
export interface ContainerQuery {
  readonly owner?: string;
  readonly state?: ContainerState;
  /** Every pair must be among the container's labels. */
  readonly labels?: readonly (readonly [key: string, value: string])[];
  /** `name`, or `name:tag`. */
  readonly image?: string;
  readonly name?: string;
  /** `next` of the page before. */
  readonly after?: string;
  /** Most items of a page. */
  readonly limit: number;
}

export interface ContainerPage {
  /** Newest first. */
  readonly items: readonly StoredContainer[];
  /** How many match on all pages together. */
  readonly total: number;
  /** For `after` of the next page; absent on the last one. */
  readonly next?: string;
}

/** New facts about an attempt; what is absent stays as it is. An attempt that is not there yet is added. */
export type AttemptChange = { readonly attempt: number } & Partial<Omit<StoredAttempt, 'attempt'>>;

/** New facts about a container, kept together or not at all. */
export interface ContainerChange {
  /** RFC 3339: when it happened, for the timeline. */
  readonly at: string;
  /** Ignored, with its reason, once the container is to be removed. */
  readonly state?: ContainerState;
  /** Goes with `state`; null when absent. */
  readonly reason?: string | null;
  /** Goes with `state`; null when absent. */
  readonly reasonCode?: string | null;
  /** The attempt that the state is about. Default: the last one. */
  readonly attempt?: number;
  readonly attempts?: readonly AttemptChange[];
  /** How far each step of the staging came, for the last entry `staging` of the timeline; replaces what it had. */
  readonly staged?: readonly Progress[];
}
