import type { RegistryAuth } from '../container/spec.ts';

/** One attempt of one container: what a node's names derive from. */
export interface AttemptRef {
  /** The container's id, 32 hex digits. */
  readonly container: string;
  /** From 1. */
  readonly attempt: number;
}

/** Where a script or data come from. */
export type Source =
  | { readonly kind: 'blob'; readonly digest: string; readonly size: number }
  | {
      readonly kind: 'url';
      readonly url: string;
      /** Of the content, in hexadecimal; any other is refused. */
      readonly sha256?: string;
    };

export interface ScriptOrder {
  /** File name below /boatload. */
  readonly name: string;
  readonly source: Source;
  /** Name under which it was submitted: its extension counts where neither shebang nor `name` says how to run it. */
  readonly fileName?: string;
  /** Command that runs the script; without it, its shebang or extension decides. */
  readonly interpreter?: readonly string[];
}

export interface DataOrder {
  readonly source: Source;
  /** Name under which data that are not an archive are placed; for a URL it defaults to what the URL says. */
  readonly fileName?: string;
  /** Whether an archive is unpacked. Default true. */
  readonly unpack?: boolean;
}

/** All that a satellite needs to know to bring one attempt to its start. */
export interface AttemptOrder {
  readonly ref: AttemptRef;
  /** Full reference, `name:tag` or `name@sha256:…`. */
  readonly image: string;
  readonly pull: 'missing' | 'always' | 'never';
  readonly registryAuth?: RegistryAuth;
  readonly script?: ScriptOrder;
  readonly data?: DataOrder;
  /** Absolute path of the data mount; absent: no data mount. */
  readonly datapath?: string;
  readonly args: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly workdir?: string;
  readonly user?: string;
  /** Processors. */
  readonly cpus?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Whether the Engine restarts the container whenever it ends. */
  readonly restartAlways: boolean;
  /** Whether the container is told to fetch through the node's data proxy. Default false. */
  readonly dataProxy?: boolean;
}
