import type { SessionStore } from '../auth/session-store.ts';
import type {
  ContainerChange,
  ContainerPage,
  ContainerQuery,
  FetchedBlob,
  FetchedPart,
  NewContainer,
  StoredContainer,
  SubmitResult,
} from './records.ts';

/** Containers, their attempts and timelines. Each method is one transaction. */
export interface ContainerStore {
  /**
   * Keeps a container with its first attempt, the timeline entry `submitted`, its labels, its references to
   * blobs and its Idempotency-Key.
   * @throws idempotency_key_reused when the owner used the key for a request with another fingerprint
   */
  submit(container: NewContainer): Promise<SubmitResult>;

  find(id: string): Promise<StoredContainer | undefined>;

  /**
   * One page, newest first. Pages don't shift when containers are added or erased in between.
   * @throws invalid_query when `after` is not from an earlier page
   */
  list(query: ContainerQuery): Promise<ContainerPage>;

  /**
   * Notes that the container is to be removed; from then on its state is `removing`. Repeating it changes
   * only the grace.
   * @param at RFC 3339. Default now.
   * @returns false when there is no such container
   */
  markRemoving(id: string, graceSeconds: number, at?: string): Promise<boolean>;

  /**
   * Forgets a container, its Idempotency-Key too.
   * @returns digests of blobs that nothing refers to any more
   */
  erase(id: string): Promise<readonly string[]>;

  /** Ids of all containers that are not final or are to be removed, oldest first. */
  open(): Promise<readonly string[]>;

  /**
   * Keeps new facts, those of several changes one after the other; facts that are known already add nothing.
   * @returns the container as it is now; undefined when it doesn't exist
   */
  record(id: string, change: ContainerChange | readonly ContainerChange[]): Promise<StoredContainer | undefined>;

  /**
   * Keeps that the API has fetched a part of a container, and the container's reference to that blob.
   * @returns the container as it is now; undefined when it doesn't exist or is to be removed: then nothing is kept
   */
  keepFetched(id: string, part: FetchedPart, blob: FetchedBlob): Promise<StoredContainer | undefined>;
}

/** Small values of the whole service, by name. */
export interface SettingStore {
  get(name: string): Promise<string | undefined>;
  set(name: string, value: string): Promise<void>;
}

/** Which blobs containers refer to. */
export interface BlobReferenceStore {
  referenced(digest: string): Promise<boolean>;
  all(): Promise<ReadonlySet<string>>;
}

/** All that is kept. Only the API's process opens it. */
export interface Store extends AsyncDisposable {
  readonly containers: ContainerStore;
  readonly sessions: SessionStore;
  readonly settings: SettingStore;
  readonly blobs: BlobReferenceStore;
  /** Idempotent. */
  close(): Promise<void>;
}
