import type { StatementFault } from '@sallyport/core/adapter'

/** What a transmitter is told (RFC 8935, section 2.4; SSF 1.0, section 8.1.4.1). */
export type SetErrorCode =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'invalid_state'
  | 'authentication_failed'

/** Why a security event token is not taken. */
export interface SetFault {
  readonly err: SetErrorCode
  readonly description: string
}

const FAULTS: Readonly<Record<StatementFault, SetFault>> = {
  malformed: fault('invalid_request', 'the body is not a signed security event token'),
  header: fault('invalid_request', 'the header of the token is not understood'),
  type: fault('invalid_request', 'the type of the token must be secevent+jwt'),
  algorithm: fault('invalid_key', 'the algorithm of the token is not accepted'),
  key: fault('invalid_key', 'the key of the token is not known'),
  signature: fault('authentication_failed', 'the signature of the token is wrong'),
  claims: fault('invalid_request', 'the token lacks a claim, or one of its claims is malformed'),
  issuer: fault('invalid_issuer', 'the issuer of the token is not accepted'),
  audience: fault('invalid_audience', 'the token is for another audience'),
  lifetime: fault('invalid_request', 'the token is too old, of the future, or has the claim exp'),
}
/** The later in this order, the more of the token was found right. */
const ORDER = Object.keys(FAULTS) as readonly StatementFault[]

function fault(err: SetErrorCode, description: string): SetFault {
  return { err, description }
}

export function faultOf(why: StatementFault): SetFault {
  return FAULTS[why]
}

/** Of what several senders' rules found wrong with one token, what tells most. */
export function mostTelling(faults: readonly StatementFault[]): StatementFault {
  return faults.reduce((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), 'malformed')
}
