/** What an operator reads of each event. */
export const events = {
  'session.started': 'Signed in',
  'session.refreshed': 'Session refreshed',
  'session.ended': 'Session ended',
  'session.bound': 'Bound to its browser',
  'refresh.reused': 'Refresh token came back: stolen',
  'refresh.mismatched': 'Refresh from another device',
  'refresh.contested': 'Answer to a refresh lost or stolen',
  'device.changed': 'Device changed',
  'token.issued': 'Access token handed to a page',
  'token.accepted': 'Access token used',
  'token.refused': 'Token refused',
  'token.revoked': 'Access tokens revoked',
  'request.refused': 'Request refused',
  'login.failed': 'Sign-in failed',
  'account.locked': 'Account locked',
  'stepup.granted': 'Identity confirmed',
  'password.changed': 'Password changed',
  'apikey.created': 'API key made',
  'apikey.revoked': 'API key revoked',
  'key.rotated': 'Signing key made',
  'key.compromised': 'Signing key out of use',
  'policy.permitted': 'Permitted by policy',
  'policy.denied': 'Denied by policy',
  'decision.degraded': 'Judged without the store',
  'delivery.failed': 'Another service was not told',
  'store.rollback': 'Store lost writes',
  'alert.raised': 'Alert',
}

/** What operators do, by the action of the event. */
export const actions = {
  'operator:revoke_user': 'An operator signs out a user',
  'operator:end_session': 'An operator ends a session',
  'operator:rotate_key': 'An operator makes a signing key',
  'operator:compromise_key': 'An operator takes a key out of use',
}

/** What each rule for anomalies finds. */
export const rules = {
  failed_sign_ins: 'failed sign-ins from one network',
  account_locked: 'an account was locked',
  refresh_rate: 'a session is refreshed too often',
  user_refresh_rate: 'a user’s sessions are refreshed too often',
  token_networks: 'a token is used from several networks',
  shared_device: 'many users on one device',
  new_device: 'sign-in from a new device',
  long_silence: 'sign-in after a long silence',
  contested_refresh: 'a refresh is contested',
  token_theft: 'a stolen token was used',
  refused_tokens: 'forged access tokens',
  impossible_travel: 'impossible travel',
}

export type EventWords = typeof events
export type ActionWords = typeof actions
export type RuleWords = typeof rules
