const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/'
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/'
const SSF = 'https://schemas.openid.net/secevent/ssf/event-type/'

/** The types of events that are sent from here. */
export const SESSION_REVOKED: string = `${CAEP}session-revoked`
export const CREDENTIAL_CHANGE: string = `${CAEP}credential-change`
export const VERIFICATION: string = `${SSF}verification`
export const STREAM_UPDATED: string = `${SSF}stream-updated`

/**
 * What an event does here:
 *
 * - `end`: ends the session that it names, or else every session of the user
 * - `end_others`: ends every session of the user but the one that it names
 * - `end_user`: ends every session of the user, whom a session may name
 * - `end_account`: ends every session of the user, and the API keys
 * - `renew`: refuses the access tokens of the user, whose sessions get new ones
 * - `none`: nothing; the application is told
 */
export type Effect = 'end' | 'end_others' | 'end_user' | 'end_account' | 'renew' | 'none'

/**
 * The events that are known: CAEP 1.0 (section 3), RISC 1.0 (section 2), and those about a stream itself (SSF 1.0,
 * sections 8.1.4.1 and 8.1.5). Any other is ignored.
 */
const EFFECTS: ReadonlyMap<string, Effect> = new Map<string, Effect>([
  [SESSION_REVOKED, 'end'],
  [CREDENTIAL_CHANGE, 'end_others'],
  [`${CAEP}token-claims-change`, 'renew'],
  ...named(CAEP, 'assurance-level-change', 'device-compliance-change', 'risk-level-change'),
  ...named(CAEP, 'session-established', 'session-presented'),
  [`${RISC}account-disabled`, 'end_account'],
  [`${RISC}account-purged`, 'end_account'],
  [`${RISC}credential-compromise`, 'end_user'],
  [`${RISC}sessions-revoked`, 'end_user'],
  ...named(RISC, 'account-enabled', 'account-credential-change-required'),
  ...named(RISC, 'identifier-changed', 'identifier-recycled'),
  ...named(RISC, 'recovery-activated', 'recovery-information-changed'),
  ...named(RISC, 'opt-in', 'opt-out-initiated', 'opt-out-cancelled', 'opt-out-effective'),
  [VERIFICATION, 'none'],
  [STREAM_UPDATED, 'none'],
])

function named(base: string, ...names: readonly string[]): [string, Effect][] {
  return names.map((name) => [base + name, 'none'])
}

/** What an event of this type does; `undefined` if the type is not known. */
export function effectOf(type: string): Effect | undefined {
  return EFFECTS.get(type)
}
