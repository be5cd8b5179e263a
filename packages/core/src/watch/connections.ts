import { concernsToken, type Revocation, type TokenIdentity } from '../ports/revocations.ts'

/**
 * Open connections, such as WebSockets and event streams, that must end when the token that admitted them is revoked.
 */
export interface Connections {
  /** Adds a connection. Call the returned function when the connection closes on its own. */
  track(token: TokenIdentity, end: () => void): () => void
  /** Ends the connections that a revocation concerns. */
  revoked(revocation: Revocation): void
}

interface Connection {
  readonly token: TokenIdentity
  readonly end: () => void
}

export function createConnections(notice: (message: string) => void): Connections {
  /** Indexed by session, the common case; revocations of any other kind scan. */
  const bySession = new Map<string | undefined, Set<Connection>>()

  function remove(connection: Connection): void {
    const { session } = connection.token
    const siblings = bySession.get(session)
    siblings?.delete(connection)
    if (siblings?.size === 0) bySession.delete(session)
  }

  function endAll(connections: Iterable<Connection>, isConcerned: (token: TokenIdentity) => boolean): void {
    for (const connection of [...connections].filter(({ token }) => isConcerned(token))) {
      remove(connection)
      try {
        connection.end()
      } catch (cause) {
        notice(
          `the callback of endOnRevocation threw ${cause instanceof Error ? cause.name : 'something'}: its connection may still be open`,
        )
      }
    }
  }

  function* all(): Generator<Connection> {
    for (const connections of bySession.values()) yield* connections
  }

  return {
    track(token, end) {
      const connection = { token, end }
      const siblings = bySession.get(token.session) ?? new Set()
      bySession.set(token.session, siblings.add(connection))
      return () => remove(connection)
    },
    revoked(revocation) {
      if (bySession.size === 0) return
      switch (revocation.kind) {
        case 'session':
          return endAll(bySession.get(revocation.session) ?? [], () => true)
        case 'token':
          return endAll(all(), (token) => token.jti === revocation.jti)
        case 'key':
          return endAll(all(), (token) => token.kid === revocation.kid)
        case 'subject':
          return endAll(all(), (token) => token.tag === revocation.tag && concernsToken(revocation, token))
      }
    },
  }
}
