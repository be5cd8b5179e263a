import { concernsToken, type Revocation, type TokenIdentity } from '../ports/revocations.ts'

/** Open connections, such as WebSockets and event streams, that must end when what let them in is revoked. */
export interface Connections {
  /** Adds a connection. Call the returned function when it closes by itself. */
  track(token: TokenIdentity, end: () => void): () => void
  /** Ends the connections that a revocation concerns. */
  revoked(revocation: Revocation): void
}

interface Connection {
  readonly token: TokenIdentity
  readonly end: () => void
}

export function createConnections(notice: (message: string) => void): Connections {
  /** Indexed by session, the common case; other revocations scan. */
  const bySession = new Map<string | undefined, Set<Connection>>()

  function remove(connection: Connection): void {
    const { session } = connection.token
    const others = bySession.get(session)
    others?.delete(connection)
    if (others?.size === 0) bySession.delete(session)
  }

  function endAll(connections: Iterable<Connection>, concerned: (token: TokenIdentity) => boolean): void {
    for (const connection of [...connections].filter(({ token }) => concerned(token))) {
      remove(connection)
      try {
        connection.end()
      } catch (cause) {
        notice(`ending a revoked connection threw ${cause instanceof Error ? cause.name : 'something'}`)
      }
    }
  }

  function* all(): Generator<Connection> {
    for (const connections of bySession.values()) yield* connections
  }

  return {
    track(token, end) {
      const connection = { token, end }
      const others = bySession.get(token.session) ?? new Set()
      bySession.set(token.session, others.add(connection))
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
