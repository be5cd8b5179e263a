import { claimsOf } from '../../faults/client.ts'
import type { Session } from '../../faults/recorder.ts'
import type { Chances } from '../../support/chances.ts'

/** Lifetimes in seconds: so short that everything turns over several times in an hour. */
export const LIFETIMES = { access: 30, idle: 120, session: 300, grace: 3 } as const
/** A request may be held up for so long by a node that is stopped, and its token must be good until then. */
const MARGIN_MS = 6000
/** Ended sessions are asked about for as long as their access tokens would be good. */
const REMEMBERED_MS = LIFETIMES.access * 1000
const SETTLED_AFTER_MS = REMEMBERED_MS + 30_000
const MOST_SESSIONS = 150

/** A session, as its user and the soak know it. */
export interface Held extends Session {
  access: string
  readonly keyed: boolean
  /** When its sign-in was sent, in milliseconds of `performance.now()`. */
  readonly askedAt: number
  refreshedAt: number
  /** Until when its access token is good. */
  goodUntil: number
  /** Of a refresh that has no answer yet, in a keyed session. */
  retryKey: string | undefined
  /** One thing at a time is done with it. */
  isBusy: boolean
  /** Somebody has begun to end it, or it is not known whether it goes on. */
  isEnding: boolean
  /** When it was known to be over. */
  endedAt: number | undefined
}

/** Sessions that are being ended together. */
export interface Ending {
  readonly sessions: readonly Held[]
  /** Everything is done; without a time, nobody knows whether it happened. */
  done(at?: number): void
}

/** All who are signed in. */
export interface People {
  readonly live: readonly Held[]
  isFull(): boolean
  add(session: Held): void
  /** A live session that nobody uses just now, which is busy from then on; nothing if none is found. */
  borrow(suits?: (session: Held) => boolean): Held | undefined
  /** One that ended not long ago, and whose access token would be good else. */
  ended(): Held | undefined
  giveBack(session: Held): void
  /** It is over, and known to be so if that was acknowledged. */
  end(session: Held, acknowledged: boolean): void
  endUser(user: string): Ending
  endAll(): Ending
  /** Whether the sessions of a user were being ended at some time since. */
  wereEnding(user: string, since: number): boolean
  /** The store has lost all sessions. */
  forgotten(): void
  /** Whether a refresh of the session may be refused. */
  mayBeOver(session: Held): boolean
  isForgotten(session: Held): boolean
  /** Lets go of whom nobody will ask about again, and of those whose time is over. */
  settle(): ReadonlySet<string>
}

interface Interval {
  readonly user: string | undefined
  readonly from: number
  until: number
}

export function createPeople(chances: Chances): People {
  let live: Held[] = []
  let past: { readonly session: Held; readonly since: number }[] = []
  let intervals: Interval[] = []
  let forgottenAt = Number.NEGATIVE_INFINITY

  const leave = (session: Held): void => {
    if (!live.includes(session)) return
    live = live.filter((one) => one !== session)
    past.push({ session, since: performance.now() })
  }
  const isExpired = ({ askedAt, refreshedAt }: Held): boolean => {
    const now = performance.now() + MARGIN_MS
    return now >= askedAt + LIFETIMES.session * 1000 || now >= refreshedAt + LIFETIMES.idle * 1000
  }
  function ending(user: string | undefined): Ending {
    const interval = { user, from: performance.now(), until: Number.POSITIVE_INFINITY }
    intervals.push(interval)
    const sessions = live.filter((one) => user === undefined || one.user === user)
    for (const session of sessions) session.isEnding = true
    return {
      sessions,
      done(at) {
        interval.until = performance.now()
        for (const session of sessions) {
          session.endedAt = at
          leave(session)
        }
      },
    }
  }

  const people: People = {
    get live() {
      return live
    },
    isFull: () => live.length >= MOST_SESSIONS,
    add: (session) => void live.push(session),
    borrow(suits = () => true) {
      for (let attempt = 0; attempt < 8; attempt++) {
        const session = live[chances.below(live.length)]
        if (session === undefined || session.isBusy || session.isEnding) continue
        if (isExpired(session)) leave(session)
        else if (suits(session)) return Object.assign(session, { isBusy: true })
      }
      return undefined
    },
    ended() {
      const known = past.filter(({ session }) => session.endedAt !== undefined && isGood(session))
      return known[chances.below(known.length)]?.session
    },
    giveBack(session) {
      session.isBusy = false
    },
    end(session, acknowledged) {
      session.isEnding = true
      if (acknowledged) session.endedAt ??= performance.now()
      leave(session)
    },
    endUser: (user) => ending(user),
    endAll: () => ending(undefined),
    wereEnding: (user, since) => intervals.some((one) => (one.user ?? user) === user && one.until >= since),
    forgotten() {
      forgottenAt = performance.now()
    },
    isForgotten: ({ askedAt }) => askedAt < forgottenAt,
    mayBeOver: (session) => session.isEnding || people.isForgotten(session) || isExpired(session),
    settle() {
      for (const session of live) if (!session.isBusy && isExpired(session)) leave(session)
      const now = performance.now()
      const isSettled = ({ session, since }: (typeof past)[number]): boolean =>
        !session.isBusy && now > since + SETTLED_AFTER_MS
      const settled = new Set(past.filter(isSettled).map(({ session }) => session.id))
      past = past.filter(({ session }) => !settled.has(session.id))
      intervals = intervals.filter(({ until }) => until > now - SETTLED_AFTER_MS)
      return settled
    },
  }
  return people
}

/** Whether an access token will still be good when the answer is there. */
export function isGood({ goodUntil }: Held): boolean {
  return performance.now() + MARGIN_MS < goodUntil
}

/** When an access token ends, in milliseconds of `performance.now()`. */
export function goodUntil(access: string): number {
  return claimsOf(access).exp * 1000 - Date.now() + performance.now()
}
