import type { S3ServiceException } from '@aws-sdk/client-s3';
import { BoatLoadError } from '@boatload/contract';
import { statusFault } from '../http/status-faults.ts';
import { showUrl } from '../shown-url.ts';
import { TryFault } from '../try-fault.ts';

const reasons: Readonly<Record<string, string>> = {
  NoSuchKey: 'there is no such object. Check the key',
  NoSuchBucket: 'there is no such bucket. Check its name',
  InvalidAccessKeyId: "the service does not know the operator's access key. Ask the operator to correct it",
  SignatureDoesNotMatch: "the operator's secret key is wrong. Ask the operator to correct it",
  RequestTimeTooSkewed: "the node's clock is wrong. Ask the operator to set it",
  InvalidObjectState: 'the object is archived. Restore it first',
  PermanentRedirect: 'the bucket lies in another region. Ask the operator to name it',
};

/** Why an answer could not be read: what stands before a service may answer in other words than it. */
export function unreadAnswer(error: unknown): unknown {
  const answer = error instanceof Error && '$response' in error ? error.$response : undefined;
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) return error;
  const { statusCode } = answer;
  return typeof statusCode === 'number' && statusCode >= 300 ? statusFault(statusCode, {}) : error;
}

/** Why an S3 service did not give an object. */
export function s3Fault(url: string, error: S3ServiceException): TryFault | BoatLoadError {
  const status = error.$metadata.httpStatusCode ?? 0;
  if (status === 412 || status === 416) {
    return new TryFault(`it did not go on where the connection broke (${error.name})`, {
      startOver: true,
      cause: error,
    });
  }
  if (error.name === 'AccessDenied') {
    return new BoatLoadError(
      'fetch_refused',
      `${showUrl(url)} was refused by the S3 service: the operator's log-in may not read it. Check bucket and key, or ask for the right to read them.`,
      { cause: error },
    );
  }
  const reason = reasons[error.name];
  if (reason === undefined) return statusFault(status, error.$response?.headers ?? {});
  return new BoatLoadError('fetch_failed', `${showUrl(url)} could not be fetched: ${reason}.`, { cause: error });
}
