/** Why a request is refused. The code goes to events only; the client sees the {@link Problem} that it stands for. */
export type ProblemCode =
  | 'token_missing'
  | 'token_malformed'
  | 'token_invalid'
  | 'token_expired'
  | 'token_early'
  | 'token_revoked'
  | 'dpop_invalid'
  | 'dpop_replayed'
  | 'dpop_nonce'
  | 'authorization_repeated'
  | 'signatures_limited'
  | 'insufficient_scope'
  | 'authentication_insufficient'
  | 'access_denied'
  | 'risk_too_high'
  | 'cross_site'
  | 'refresh_missing'
  | 'refresh_unknown'
  | 'refresh_expired'
  | 'refresh_reused'
  | 'refresh_mismatched'
  | 'refresh_wrong_client'
  | 'refresh_repeated'
  | 'refresh_limited'
  | 'refresh_unproven'
  | 'proof_skipped'
  | 'key_proof_missing'
  | 'key_proof_invalid'
  | 'key_taken'
  | 'certificate_missing'
  | 'streams_limited'
  | 'sign_in_locked'
  | 'retry_key_malformed'
  | 'sessions_differ'
  | 'transport_unknown'
  | 'session_unknown'
  | 'route_unknown'
  | 'method_unknown'
  | 'body_malformed'
  | 'body_too_large'
  | 'body_type'
  | 'grant_type_unsupported'
  | 'client_unauthenticated'
  | 'client_unauthorized'
  | 'client_methods_mixed'
  | 'clients_limited'
  | 'client_keys_unavailable'
  | 'token_type_unsupported'
  | 'logout_token_invalid'
  | 'store_unavailable'
  | 'key_unavailable'
  | 'issuer_unavailable'
  | 'audit_unavailable'
  | 'policy_unavailable'

/** Parameters of a challenge besides its error, such as `scope`, or `acr_values` and `max_age` (RFC 9470). */
export type ChallengeParameters = Readonly<Record<string, string | number>>

export interface Problem {
  readonly status: number
  /** The `error` member of the body. */
  readonly error: string
  /** The `error_description` member of the body. It never contains a cause; causes go to events. */
  readonly say: string
  /** The challenge of a 401 or 403: with an error code, or without one (`plain`). Default: no challenge. */
  readonly challenge?: 'plain' | 'error'
  /** The `Retry-After` header, in seconds. Default: no such header. */
  readonly retryAfter?: number
}

const token = { status: 401, error: 'invalid_token', challenge: 'error' } as const
const proof = { status: 401, error: 'invalid_dpop_proof', challenge: 'error' } as const
const refresh = { status: 401, error: 'invalid_grant' } as const
const unavailable = { status: 503, error: 'temporarily_unavailable', retryAfter: 1 } as const
const malformed = { status: 400, error: 'invalid_request' } as const

/** What the client sees of each refusal. */
export const problems: Readonly<Record<ProblemCode, Problem>> = {
  // RFC 6750, section 3.1: a request without credentials gets a challenge without an error code.
  token_missing: {
    status: 401,
    error: 'unauthorized',
    say: 'an access token is required',
    challenge: 'plain',
  },
  token_malformed: { ...token, say: 'the access token is malformed' },
  token_invalid: { ...token, say: 'the access token is not valid' },
  token_expired: { ...token, say: 'the access token expired' },
  token_early: { ...token, say: 'the access token is not valid yet' },
  token_revoked: { ...token, say: 'the access token was revoked' },
  dpop_invalid: { ...proof, say: 'the DPoP proof is not valid' },
  dpop_replayed: { ...proof, say: 'the DPoP proof was used before' },
  dpop_nonce: { ...proof, error: 'use_dpop_nonce', say: 'the DPoP proof needs the nonce of this answer' },
  authorization_repeated: { ...malformed, say: 'more than one Authorization header', challenge: 'error' },
  signatures_limited: { status: 429, error: 'too_many_requests', say: 'too many unknown access tokens' },
  insufficient_scope: {
    status: 403,
    error: 'insufficient_scope',
    say: 'the access token lacks a scope',
    challenge: 'error',
  },
  // RFC 9470, section 3.
  authentication_insufficient: {
    status: 401,
    error: 'insufficient_user_authentication',
    say: 'a stronger or more recent authentication is required',
    challenge: 'error',
  },
  access_denied: {
    status: 403,
    error: 'access_denied',
    say: 'the caller is not allowed to do this',
    challenge: 'plain',
  },
  risk_too_high: {
    status: 403,
    error: 'access_denied',
    say: 'this session is at risk; sign in again',
    challenge: 'plain',
  },
  cross_site: { status: 403, error: 'cross_site_request', say: 'this route takes no cross-site requests' },
  refresh_missing: { ...refresh, say: 'no refresh token was sent' },
  refresh_unknown: { ...refresh, say: 'the refresh token is not valid' },
  refresh_expired: { ...refresh, say: 'the session expired' },
  refresh_reused: { ...refresh, say: 'the session was ended' },
  refresh_mismatched: { ...refresh, say: 'the session was ended' },
  refresh_wrong_client: { ...refresh, status: 400, say: 'the refresh token is not for this client' },
  refresh_repeated: { ...malformed, say: 'more than one refresh cookie' },
  refresh_unproven: { ...refresh, say: 'the refresh token is bound to something that was not shown' },
  proof_skipped: { ...unavailable, say: 'the browser has not proved its key this time; try again' },
  // The status that asks a browser to sign the challenge (DBSC, "Send request").
  key_proof_missing: { ...malformed, status: 403, say: 'a proof of the key is required' },
  key_proof_invalid: { ...malformed, say: 'the proof of the key is not valid' },
  key_taken: { ...malformed, status: 409, say: 'the session is bound to a key already' },
  certificate_missing: { ...malformed, say: 'a client certificate is required' },
  refresh_limited: { status: 429, error: 'too_many_requests', say: 'too many refreshes' },
  streams_limited: {
    status: 429,
    error: 'too_many_requests',
    say: 'too many open streams of this session',
    retryAfter: 15,
  },
  sign_in_locked: {
    status: 429,
    error: 'too_many_requests',
    say: 'too many failed sign-ins; try again later',
  },
  retry_key_malformed: {
    ...malformed,
    say: 'send one Idempotency-Key, of 16 to 64 characters from A-Z a-z 0-9 - _',
  },
  sessions_differ: { ...malformed, say: 'the cookie and the access token belong to different sessions' },
  transport_unknown: { ...malformed, say: 'X-Token-Transport must be body or absent' },
  session_unknown: { status: 404, error: 'not_found', say: 'there is no such session' },
  route_unknown: { status: 404, error: 'not_found', say: 'there is nothing here' },
  method_unknown: { status: 405, error: 'method_not_allowed', say: 'this method is not allowed here' },
  body_malformed: { ...malformed, say: 'the body is malformed, or lacks a parameter' },
  body_too_large: { status: 413, error: 'invalid_request', say: 'the body is too large' },
  body_type: { status: 415, error: 'invalid_request', say: 'the content type or encoding is not supported' },
  logout_token_invalid: { ...malformed, say: 'the logout token is not valid' },
  grant_type_unsupported: {
    status: 400,
    error: 'unsupported_grant_type',
    say: 'the grant type is not supported',
  },
  client_unauthenticated: { status: 401, error: 'invalid_client', say: 'the client is not authenticated' },
  client_unauthorized: { status: 400, error: 'unauthorized_client', say: 'the client may not do this' },
  client_methods_mixed: { ...malformed, say: 'the client authenticates in more than one way' },
  clients_limited: {
    status: 429,
    error: 'too_many_requests',
    say: 'too many failed client authentications; try again later',
  },
  token_type_unsupported: {
    status: 400,
    error: 'unsupported_token_type',
    say: 'tokens of this type are not revoked here',
  },
  store_unavailable: { ...unavailable, say: 'the session store does not answer; try again' },
  key_unavailable: { ...unavailable, say: 'no token can be signed now; try again' },
  issuer_unavailable: { ...unavailable, say: 'the issuer of the token cannot be asked; try again' },
  client_keys_unavailable: { ...unavailable, say: 'the keys of the client cannot be fetched; try again' },
  audit_unavailable: { ...unavailable, say: 'the audit trail cannot be written; try again' },
  policy_unavailable: {
    ...unavailable,
    say: 'it cannot be decided now whether the caller may do this; try again',
  },
}
