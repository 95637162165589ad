/** What a problem's `code` means over HTTP, and whether trying again unchanged can help. */
export interface CodeMeaning {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const once = (status: number, title: string): CodeMeaning => ({ status, title, retryable: false });
const again = (status: number, title: string): CodeMeaning => ({ status, title, retryable: true });

/**
 * Every error that BoatLoad reports, by its stable code: in problem documents and, for an attempt that
 * did not make it, as the state's `reason_code`. Codes are never renamed; clients match on them.
 */
export const errorCodes = {
  // the request
  bad_request: once(400, 'Not a valid HTTP request'),
  bad_json: once(400, 'The body is not valid JSON'),
  bad_multipart: once(400, 'The multipart body is broken'),
  unsupported_media_type: once(415, 'The content type is not supported'),
  body_too_large: once(413, 'The body is too large'),
  script_too_large: once(413, 'The script is too large'),
  unknown_field: once(400, 'Unknown field'),
  invalid_field: once(400, 'Invalid field'),
  conflicting_fields: once(400, 'Fields exclude each other'),
  invalid_query: once(400, 'Invalid query parameter'),
  unsupported_by_backend: once(400, 'The backend cannot do this'),
  not_found: once(404, 'No such path'),
  container_not_found: once(404, 'No such container'),
  attempt_not_found: once(404, 'No such attempt'),
  file_not_found: once(404, 'No such file'),
  script_not_found: once(404, 'The container has no script'),
  node_not_found: once(404, 'No such node'),
  not_a_file: once(400, 'Not a regular file'),
  method_not_allowed: once(405, 'Method not allowed'),
  not_acceptable: once(406, 'No acceptable format'),
  conflict: again(409, 'Not possible in this state'),
  range_not_satisfiable: once(416, 'Range not satisfiable'),
  idempotency_key_reused: once(422, 'Idempotency-Key was used for another request'),
  // log-in
  not_authenticated: once(401, 'Log-in required'),
  bad_credentials: once(400, 'Unknown user or wrong password'),
  invalid_token: once(401, 'The token is not valid'),
  expired_token: once(401, 'The token has expired'),
  token_rejected: once(400, 'The token to verify or refresh is not accepted'),
  csrf_failed: once(403, 'CSRF check failed'),
  forbidden: once(403, 'Not allowed'),
  too_many_requests: again(429, 'Too many requests'),
  // bringing script, data and image into place
  fetch_failed: again(502, 'The URL could not be fetched'),
  fetch_refused: once(400, 'The URL is not allowed'),
  fetch_too_large: once(413, 'The URL delivers too much'),
  digest_mismatch: once(502, 'The content has another SHA-256'),
  archive_invalid: once(400, 'The archive is broken'),
  archive_unsafe: once(400, 'The archive has an entry that leaves its target'),
  archive_too_large: once(413, 'The archive unpacks to too much'),
  cache_full: again(507, "The node's cache is full"),
  cache_entry_not_found: once(404, 'No such cache entry'),
  script_crlf: once(400, 'The script has Windows line ends'),
  image_not_found: once(404, 'No such image'),
  image_denied: once(403, 'The registry refused access'),
  image_pull_failed: again(502, 'The image could not be pulled'),
  user_not_found: once(400, 'The image has no such user'),
  // starting and running
  command_not_found: once(400, 'The command does not exist in the image'),
  command_not_executable: once(400, 'The command cannot be executed'),
  resources_unavailable: once(409, 'The node cannot give these resources'),
  out_of_memory: once(409, 'Out of memory'),
  start_failed: once(502, 'The container could not be started'),
  already_started: once(409, 'This attempt was started before'),
  timed_out: once(504, 'The time limit was reached'),
  lost: again(502, 'The container is gone from its node'),
  // us
  engine_unavailable: again(503, 'The Docker Engine does not answer'),
  engine_error: again(502, 'The Docker Engine refused'),
  bad_configuration: once(500, 'The service is configured wrongly'),
  shutting_down: again(503, 'The service is stopping'),
  internal: again(500, 'A fault in BoatLoad'),
} as const satisfies Record<string, CodeMeaning>;

export type ErrorCode = keyof typeof errorCodes;
