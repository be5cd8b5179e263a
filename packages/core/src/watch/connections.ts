import type { Clock } from '../ports/clock.ts'
import { concernsToken, notBeforeOf, type Revocation, type TokenIdentity } from '../ports/revocations.ts'

/** Open connections, such as WebSockets and event streams, that must end when what let them in is over. */
export interface Connections {
  /**
   * Adds a connection, which ends when its token is revoked or expires. Call the returned function when it closes by
   * itself.
   */
  track(token: TrackedToken, end: () => void): () => void
  /** How many there are. */
  count(): number
  /** Ends the connections that a revocation concerns. */
  revoked(revocation: Revocation): void
  /** Ends all connections, and from now on those that are added. */
  close(): void
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
  const all = new Set<Connection>()
  // Revocations of keys and of everything concern so many that they look through all of them.
  const bySession = createGroups(({ session }) => session)
  const byToken = createGroups(({ jti }) => jti)
  const bySubject = createGroups(({ tag }) => tag)
  const groups = [bySession, byToken, bySubject]
  let isClosed = false

  function remove(connection: Connection): void {
    clearTimeout(connection.timer)
    if (all.delete(connection)) for (const group of groups) group.remove(connection)
  }

  function end(connection: Connection): void {
    remove(connection)
    connection.end()
  }

  /** A clock may have been set meanwhile, and a timer can't wait for as long as some tokens live. */
  function endWhenExpired(connection: Connection): void {
    const left = connection.token.expiresAt * 1000 - clock.now()
    if (isClosed || left <= 0) end(connection)
    else connection.timer = setTimeout(endWhenExpired, Math.min(left, MAX_TIMER_MS), connection).unref()
  }

  function endAll(connections: Iterable<Connection>, isConcerned: (token: TokenIdentity) => boolean): void {
    for (const connection of [...connections].filter(({ token }) => isConcerned(token))) end(connection)
  }

  return {
    track(token, endConnection) {
      const connection: Connection = { token, end: endConnection, timer: undefined }
      all.add(connection)
      for (const group of groups) group.add(connection)
      // Not before this call returns: `end` may call what it returns.
      connection.timer = setTimeout(endWhenExpired, 0, connection).unref()
      return () => remove(connection)
    },
    count: () => all.size,
    close() {
      isClosed = true
      for (const connection of [...all]) end(connection)
    },
    revoked(revocation) {
      if (all.size === 0) return
      switch (revocation.kind) {
        case 'session':
          return endAll(bySession.of(revocation.session), () => true)
        case 'generation':
          return endAll(
            bySession.of(revocation.session),
            (token) => token.generation === revocation.generation,
          )
        case 'token':
          return endAll(byToken.of(revocation.jti), () => true)
        case 'key':
          return endAll(all, (token) => token.kid === revocation.kid)
        case 'subject':
          return endAll(bySubject.of(revocation.tag), (token) => concernsToken(revocation, token))
        case 'all':
          return endAll(all, (token) => token.own && (token.issuedAt ?? 0) <= notBeforeOf(revocation))
      }
    },
  }
}

interface Groups {
  add(connection: Connection): void
  remove(connection: Connection): void
  of(name: string): Iterable<Connection>
}

/** Finds connections by something that their tokens name. */
function createGroups(nameOf: (token: TrackedToken) => string | undefined): Groups {
  const groups = new Map<string, Set<Connection>>()
  return {
    add(connection) {
      const name = nameOf(connection.token)
      if (name === undefined) return
      const group = groups.get(name) ?? new Set()
      groups.set(name, group.add(connection))
    },
    remove(connection) {
      const name = nameOf(connection.token)
      const group = name === undefined ? undefined : groups.get(name)
      group?.delete(connection)
      if (name !== undefined && group?.size === 0) groups.delete(name)
    },
    of: (name) => groups.get(name) ?? [],
  }
}
