/** How long sessions live, in milliseconds. */
export interface Lifetimes {
  /** Since the last refresh. */
  readonly idleMs: number
  /** Since sign-in. */
  readonly absoluteMs: number
}

/** What of a session says when it ends. Instants are milliseconds since the epoch. */
export interface Living {
  readonly createdAt: number
  readonly rotatedAt: number
  /** Lifetimes of its own, where sign-in gave it some. They count where they are shorter than those of all sessions. */
  readonly lifetimes?: Lifetimes
}

/** The lifetimes that count for a session. */
export function lifetimesOf({ lifetimes: own }: Pick<Living, 'lifetimes'>, all: Lifetimes): Lifetimes {
  if (own === undefined) return all
  return {
    idleMs: Math.min(own.idleMs, all.idleMs),
    absoluteMs: Math.min(own.absoluteMs, all.absoluteMs),
  }
}

/** When a session ends unless it is refreshed before: the end of its idle or its absolute lifetime. */
export function endOf(session: Living, all: Lifetimes): number {
  const { idleMs, absoluteMs } = lifetimesOf(session, all)
  return Math.min(session.rotatedAt + idleMs, session.createdAt + absoluteMs)
}

/** Whether the idle or the absolute lifetime of a session is over at that instant. */
export function hasExpired(session: Living, at: number, all: Lifetimes): boolean {
  return at >= endOf(session, all)
}
