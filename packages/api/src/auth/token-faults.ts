import { BoatLoadError, type ErrorCode } from '@boatload/contract';

/** Why a token is not accepted. */
export type TokenFault =
  | 'expired'
  | 'undecodable'
  | 'payload_invalid'
  | 'user_unknown'
  | 'user_inactive'
  | 'refresh_expired'
  | 'refresh_impossible';

/** djangorestframework-jwt's sentences, which old clients compare, for a token in the Authorization header. */
const inHeader: Readonly<Record<TokenFault, readonly [ErrorCode, string]>> = {
  expired: ['expired_token', 'Signature has expired.'],
  undecodable: ['invalid_token', 'Error decoding signature.'],
  payload_invalid: ['invalid_token', 'Invalid payload.'],
  user_unknown: ['invalid_token', 'Invalid signature.'],
  user_inactive: ['invalid_token', 'User account is disabled.'],
  refresh_expired: ['expired_token', 'Refresh has expired.'],
  refresh_impossible: ['invalid_token', 'orig_iat field is required.'],
};

/** The error for a token in the Authorization header: 401. */
export function refuseToken(fault: TokenFault): BoatLoadError {
  const [code, message] = inHeader[fault];
  return new BoatLoadError(code, message);
}

/** The error for a token in a body, to be verified or refreshed: 400. */
export function refuseSubmittedToken(fault: TokenFault): BoatLoadError {
  return new BoatLoadError('token_rejected', fault === 'user_unknown' ? "User doesn't exist." : inHeader[fault][1]);
}
