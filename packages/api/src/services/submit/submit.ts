import { createHash, randomBytes } from 'node:crypto';
import type { BackendCapabilities } from '@boatload/backend';
import { BoatLoadError, type Principal, type Warning } from '@boatload/contract';
import { containerFrom } from '../../store/new-container.ts';
import type { StoredContainer, Submission, SubmitResult } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { presentFields, splitUnknown, typeFormFields } from './fields.ts';
import { normaliseSpec, refuseConflicts } from './normalise.ts';
import type { SubmitRequest } from './request.ts';
import { validateSpec } from './validate.ts';

export interface SubmitOptions {
  /** Refuse unknown fields instead of warning of them. */
  readonly strict: boolean;
  /** Check everything, keep nothing. */
  readonly dryRun: boolean;
  readonly idempotencyKey?: string;
}

export interface SubmitParts {
  readonly store: Store;
  readonly backend: { readonly name: string; readonly capabilities: BackendCapabilities };
  /** Told once the container is committed. */
  readonly onSubmitted: (id: string) => void;
}

/** Checks a submission and commits it: when this resolves as `created`, the container will run. */
export class SubmitService {
  readonly #parts: SubmitParts;

  constructor(parts: SubmitParts) {
    this.#parts = parts;
  }

  /** @throws unknown_field, invalid_field, conflicting_fields, unsupported_by_backend, idempotency_key_reused */
  async submit(
    request: SubmitRequest,
    principal: Principal,
    options: SubmitOptions,
  ): Promise<SubmitResult | { readonly outcome: 'dry_run'; readonly container: StoredContainer }> {
    const { submission, warnings } = this.#check(request, options.strict);
    const container = {
      id: randomBytes(16).toString('hex'),
      owner: principal.username,
      backend: this.#parts.backend.name,
      submission,
      warnings,
      at: new Date().toISOString(),
    };
    if (options.dryRun) return { outcome: 'dry_run', container: containerFrom(container) };
    const result = await this.#parts.store.containers.submit({
      ...container,
      ...(options.idempotencyKey === undefined ? {} : idempotencyOf(options.idempotencyKey, submission)),
    });
    if (result.outcome === 'created') this.#parts.onSubmitted(result.container.id);
    return result;
  }

  #check(request: SubmitRequest, strict: boolean): { submission: Submission; warnings: Warning[] } {
    const { known, warnings } = splitUnknown(presentFields(request.fields), strict);
    const fields = request.textual ? typeFormFields(known) : known;
    refuseConflicts({ ...request, fields });
    this.#refuseUnsupported(fields);
    return { submission: normaliseSpec(validateSpec(fields), request.files), warnings };
  }

  #refuseUnsupported(fields: Record<string, unknown>): void {
    const { name, capabilities } = this.#parts.backend;
    for (const [field, able] of Object.entries(capabilities)) {
      if (able || isEmpty(fields[field])) continue;
      throw new BoatLoadError('unsupported_by_backend', `The backend "${name}" cannot do "${field}": leave it out.`, {
        field,
      });
    }
  }
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === false || value === 0;
}

function idempotencyOf(key: string, submission: Submission): { idempotency: { key: string; fingerprint: string } } {
  const text = JSON.stringify(submission, sortKeys);
  return { idempotency: { key, fingerprint: createHash('sha256').update(text).digest('hex') } };
}

/** Two requests that differ in the order of names ask for the same. */
function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
