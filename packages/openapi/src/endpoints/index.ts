import type { EndpointName, Operations } from '@sallyport/core/adapter'
import { proveKey, registerKey } from './browsers.ts'
import { backchannelLogout, introspect, revoke } from './clients.ts'
import { activity, live, logout, logoutAll, oneSession, sessions } from './sessions.ts'
import { refresh, token } from './tokens.ts'
import { jwks, metadata } from './well-known.ts'

/** What the library's own routes do, by their set and their path. A set without a description does not compile. */
const described: Readonly<Record<EndpointName, Readonly<Record<string, Operations>>>> = {
  refresh: { '/refresh': refresh, '/dbsc/registration': registerKey, '/dbsc/refresh': proveKey },
  token: { '/token': token },
  introspect: { '/introspect': introspect },
  revoke: { '/revoke': revoke },
  logout: { '/logout': logout, '/logout-all': logoutAll },
  sessions: { '/sessions': sessions, '/sessions/:id': oneSession },
  activity: { '/activity': activity },
  live: { '/live': live },
  'backchannel-logout': { '/backchannel-logout': backchannelLogout },
  'well-known': {
    '/.well-known/jwks.json': jwks,
    '/.well-known/oauth-authorization-server': metadata,
  },
}

/** The path of an issuer follows that of its metadata (RFC 8414, section 3). */
export function operationsOf(set: EndpointName, path: string): Operations | undefined {
  const paths = described[set]
  const beginning = Object.keys(paths).find((one) => path.startsWith(`${one}/`))
  return paths[path] ?? (beginning === undefined ? undefined : paths[beginning])
}
