import type { Revocation, TokenIdentity } from '../ports/model.ts'

/** Open connections (WebSockets, event streams) that must end when what let them in is revoked. */
export interface Connections {
  /** Adds a connection; the returned function removes it, and should be called when it ends by itself. */
  add(token: TokenIdentity, end: () => void): () => void
  /** Ends the connections that a revocation concerns. */
  revoked(revocation: Revocation): void
}

interface Connection {
  readonly token: TokenIdentity
  readonly end: () => void
}

export function createConnections(notice: (message: string) => void): Connections {
  /** Sessions are what is revoked most by far; the rest may look at all. */
  const bySession = new Map<string, Set<Connection>>()

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

  function* everybody(): Generator<Connection> {
    for (const connections of bySession.values()) yield* connections
  }

  return {
    add(token, end) {
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
          return endAll(everybody(), (token) => token.jti === revocation.jti)
        case 'key':
          return endAll(everybody(), (token) => token.kid === revocation.kid)
        case 'subject':
          return endAll(
            everybody(),
            (token) =>
              token.tag === revocation.tag &&
              token.issuedAt <= revocation.notBefore &&
              token.session !== revocation.except,
          )
      }
    },
  }
}
