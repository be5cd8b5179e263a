import { type AnomalyRule, type CountSettings, counting } from './rule.ts'

/** One token, or the refresh tokens of one session, at several places. A phone on its way has two of them. */
export function tokenNetworks(settings: CountSettings): AnomalyRule<'token.accepted' | 'session.refreshed'> {
  return {
    ...counting(settings, 'networks used the tokens of one session'),
    name: 'token_networks',
    events: ['token.accepted', 'session.refreshed'],
    observe(event, { network }) {
      if (network === undefined) return undefined
      if (event.event === 'session.refreshed') return { by: ['session', event.sid], value: network }
      // A token of another issuer may have no id.
      return event.jti === undefined ? undefined : { by: ['token', event.jti], value: network }
    },
  }
}

/**
 * Why a token is refused that nobody but a forger sends. Expired and revoked ones are the remains of honest sessions, and
 * broken clients send what is no token at all, such as `Bearer null`.
 */
const FORGED: readonly string[] = [
  ...['token_header', 'token_type', 'token_issuer', 'token_algorithm'],
  ...['token_key', 'token_signature', 'token_encryption', 'token_reference'],
]

export function refusedTokens(settings: CountSettings): AnomalyRule<'token.refused'> {
  return {
    ...counting(settings, 'tokens that look forged came from one network'),
    name: 'refused_tokens',
    events: ['token.refused'],
    observe: ({ reason }, { network }) =>
      network === undefined || !FORGED.includes(reason) ? undefined : { by: [network] },
  }
}
