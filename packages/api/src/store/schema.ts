/** The tables, as kysely sees them. Types are those that SQLite and PostgreSQL share. */
export interface Schema {
  readonly container: ContainerRow;
  readonly container_label: LabelRow;
  readonly attempt: AttemptRow;
  readonly timeline: TimelineRow;
  readonly blob_reference: BlobReferenceRow;
  readonly idempotency_key: IdempotencyKeyRow;
  readonly session: SessionRow;
  readonly setting: SettingRow;
}

export interface ContainerRow {
  readonly id: string;
  readonly owner: string;
  readonly backend: string;
  /** JSON. */
  readonly submission: string;
  /** JSON. */
  readonly warnings: string;
  readonly name: string | null;
  readonly image_name: string;
  /** `name:tag`. */
  readonly image: string;
  readonly created_at: string;
  readonly state: string;
  readonly reason: string | null;
  readonly reason_code: string | null;
  readonly desired: string;
  readonly grace_seconds: number;
  /** JSON. */
  readonly fetched: string | null;
}

export interface LabelRow {
  readonly container_id: string;
  readonly key: string;
  readonly value: string;
}

export interface AttemptRow {
  readonly container_id: string;
  readonly attempt: number;
  readonly launch: number;
  readonly state: string;
  readonly node: string | null;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly exit_code: number | null;
  /** 0 or 1. */
  readonly oom_killed: number;
  readonly reason: string | null;
  readonly reason_code: string | null;
  /** JSON. */
  readonly docker_state: string;
}

export interface TimelineRow {
  readonly container_id: string;
  /** From 1. */
  readonly seq: number;
  readonly at: string;
  readonly state: string;
  readonly attempt: number;
  readonly reason: string | null;
  readonly reason_code: string | null;
  /** JSON. */
  readonly progress: string | null;
}

export interface BlobReferenceRow {
  readonly container_id: string;
  readonly digest: string;
}

export interface IdempotencyKeyRow {
  readonly owner: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly container_id: string;
}

export interface SessionRow {
  readonly token_hash: string;
  readonly user_id: number;
  readonly user_digest: string;
  readonly csrf_token: string;
  readonly created_at: string;
  readonly expires_at: string;
}

export interface SettingRow {
  readonly name: string;
  readonly value: string;
}
