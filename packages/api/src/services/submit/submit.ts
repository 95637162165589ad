import { createHash, randomBytes } from 'node:crypto';
import type { BackendCapabilities } from '@boatload/backend';
import { BoatLoadError, type Principal, type Warning } from '@boatload/contract';
import type { DataProxyConfig } from '../../config.ts';
import { containerFrom } from '../../store/new-container.ts';
import type { StoredContainer, Submission, SubmitResult } from '../../store/records.ts';
import type { Store } from '../../store/store.ts';
import { presentFields, splitUnknown, typeFormFields } from './fields.ts';
import { normaliseSpec } from './normalise.ts';
import { refuseConflicts, refusePointless } from './origins.ts';
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
  /** How containers come to the data proxy. Default: there is none. */
  readonly dataProxy?: Pick<DataProxyConfig, 'default'>;
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
    const { asked, warnings } = this.#check(request, options.strict);
    const submission = this.#withDefaults(asked);
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
      ...(options.idempotencyKey === undefined ? {} : idempotencyOf(options.idempotencyKey, asked)),
    });
    if (result.outcome === 'created') this.#parts.onSubmitted(result.container.id);
    return result;
  }

  #check(request: SubmitRequest, strict: boolean): { asked: Submission; warnings: Warning[] } {
    const { known, warnings } = splitUnknown(presentFields(request.fields), strict);
    const fields = request.textual ? typeFormFields(known) : known;
    refuseConflicts({ ...request, fields });
    this.#refuseUnsupported(fields);
    const spec = validateSpec(fields);
    refusePointless(spec, request.files);
    if (spec.data_proxy === true && this.#parts.dataProxy === undefined) throw noDataProxy();
    return { asked: normaliseSpec(spec, request.files), warnings };
  }

  /** What the operator decides where the user does not; no part of what makes a repeated request the same. */
  #withDefaults(asked: Submission): Submission {
    const { dataProxy = this.#parts.dataProxy?.default ?? false, ...others } = asked;
    return dataProxy ? { ...others, dataProxy } : others;
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

function noDataProxy(): BoatLoadError {
  const text =
    'data_proxy is true, but this service knows of no data proxy: leave it out, or have the service started with --data-proxy.';
  return new BoatLoadError('unsupported_by_backend', text, { field: 'data_proxy' });
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
