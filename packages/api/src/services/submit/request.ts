import type { BlobLease } from '../../blobs/blob-store.ts';

/** A file that came with a form, already in the blob store. */
export interface UploadedFile {
  readonly lease: BlobLease;
  /** The name that the client gave it; empty where it gave none. */
  readonly fileName: string;
}

/**
 * A submission as it was read from a request, before anything of it was checked.
 * Whoever holds it releases its files' leases.
 */
export interface SubmitRequest {
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether every value came as text, as in forms. */
  readonly textual: boolean;
  readonly files: { readonly script?: UploadedFile; readonly data?: UploadedFile };
}
