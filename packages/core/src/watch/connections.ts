import type { Clock } from '../ports/clock.ts'
import { concernsToken, notBeforeOf, type Revocation, type TokenIdentity } from '../ports/revocations.ts'

/** Open connections, such as WebSockets and event streams, that must end when what let them in is over. */
export interface Connections {
  /**
   * Adds a connection, which ends when its token is revoked or expires. Call the returned function when it closes by
   * itself.
   */
  track(token: TrackedToken, end: () => void): () => void
  /** Ends the connections that a revocation concerns. */
  revoked(revocation: Revocation): void
}

export interface TrackedToken extends TokenIdentity {
  /** Seconds since the epoch. */
  readonly expiresAt: number
}

interface Connection {
  readonly token: TrackedToken
  readonly end: () => void
  timer: NodeJS.Timeout | undefined
}

/** The longest that a timer of Node.js can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1

export function createConnections(clock: Clock): Connections {
  /** Indexed by session, the common case; other revocations scan. */
  const bySession = new Map<string | undefined, Set<Connection>>()

  function remove(connection: Connection): void {
    clearTimeout(connection.timer)
    const { session } = connection.token
    const sameSession = bySession.get(session)
    sameSession?.delete(connection)
    if (sameSession?.size === 0) bySession.delete(session)
  }

  function end(connection: Connection): void {
    remove(connection)
    connection.end()
  }

  /** A clock may have been set meanwhile, and a timer can't wait for as long as some tokens live. */
  function endWhenExpired(connection: Connection): void {
    const left = connection.token.expiresAt * 1000 - clock.now()
    if (left <= 0) end(connection)
    else connection.timer = setTimeout(endWhenExpired, Math.min(left, MAX_TIMER_MS), connection).unref()
  }

  function endAll(connections: Iterable<Connection>, isConcerned: (token: TokenIdentity) => boolean): void {
    for (const connection of [...connections].filter(({ token }) => isConcerned(token))) end(connection)
  }

  function* all(): Generator<Connection> {
    for (const connections of bySession.values()) yield* connections
  }

  return {
    track(token, endConnection) {
      const connection: Connection = { token, end: endConnection, timer: undefined }
      const sameSession = bySession.get(token.session) ?? new Set()
      bySession.set(token.session, sameSession.add(connection))
      // Not before this call returns: `end` may call what it returns.
      connection.timer = setTimeout(endWhenExpired, 0, connection).unref()
      return () => remove(connection)
    },
    revoked(revocation) {
      if (bySession.size === 0) return
      switch (revocation.kind) {
        case 'session':
          return endAll(bySession.get(revocation.session) ?? [], () => true)
        case 'generation':
          return endAll(
            bySession.get(revocation.session) ?? [],
            (token) => token.generation === revocation.generation,
          )
        case 'token':
          return endAll(all(), (token) => token.jti === revocation.jti)
        case 'key':
          return endAll(all(), (token) => token.kid === revocation.kid)
        case 'subject':
          return endAll(all(), (token) => token.tag === revocation.tag && concernsToken(revocation, token))
        case 'all':
          return endAll(all(), (token) => token.own && (token.issuedAt ?? 0) <= notBeforeOf(revocation))
      }
    },
  }
}
