import type { Replica } from '../revocation/replica.ts'
import type { Auth } from '../seam/auth.ts'
import type { Callbacks } from '../watch/callbacks.ts'
import type { Connections } from '../watch/connections.ts'
import { identityOf } from './known-token.ts'

/** Ends an open connection once its token is revoked or expires. The returned function forgets the connection. */
export type EndOnRevocation = (auth: Auth, end: () => void) => () => void

export interface ConnectionEndParts {
  readonly connections: Pick<Connections, 'track'>
  readonly replica: Pick<Replica, 'knowsRevoked'>
  readonly callbacks: Callbacks
}

export function createEndOnRevocation(parts: ConnectionEndParts): EndOnRevocation {
  const { connections, replica, callbacks } = parts
  // One for all connections: thousands of them may fail alike, which is told once.
  const call = callbacks.guarded('a function given to endOnRevocation', (end: () => void) => end())
  return (auth, end) => {
    const token = { ...identityOf(auth), expiresAt: auth.claims.exp }
    const guarded = (): void => call(end)
    // It may have been revoked since it was verified.
    if (!replica.knowsRevoked(token)) return connections.track(token, guarded)
    let isForgotten = false
    queueMicrotask(() => {
      if (!isForgotten) guarded()
    })
    return () => {
      isForgotten = true
    }
  }
}
