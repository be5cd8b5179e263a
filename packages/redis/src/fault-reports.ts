import { createOutage } from '@sallyport/core/store'
import type { Causes } from './causes.ts'
import type { Client } from './options.ts'
import { TooFewReplicas } from './replication.ts'
import { Unreadable } from './unreadable.ts'

/** Hears how each step went. Tells the operator once when the server goes away, and once when it is back. */
export interface FaultReports {
  failed(step: string, cause: unknown): void
  answered(step: string): void
  /** A step was answered with what cannot be read. */
  unreadable(step: string, cause: unknown): void
  /** A list leaves out what cannot be read. */
  leftOut(cause: Unreadable): void
  close(): void
}

const RECONNECT_EVERY_MS = 1000
/** Some steps fail and others succeed while a server refuses writes, or while one of a Cluster's servers is away. */
const QUIET_MS = 1000
const LOOK_EVERY_MS = 1000
/** Writes something and changes nothing. */
const PING = 'ping'
/** Refuses single commands, and so may take one step and refuse another. */
const NO_PERMISSION = 'NOPERM'

/**
 * Also reconnects when the server turns out to be a replica: its address may lead to another primary by now.
 *
 * Only codes are shown. The server's message may repeat arguments, and so tokens.
 *
 * @param ping takes a step of that name. While a server refuses to write, nobody else may want to, and then nobody would
 *   find out that it accepts writes again
 */
export function createFaultReports(
  client: Client,
  causes: Causes,
  notice: (message: string) => void,
  ping: () => void,
): FaultReports {
  const outage = () =>
    createOutage({ back: 'Redis serves again', quietMs: QUIET_MS, now: () => performance.now(), notice })
  // A server that refuses something may go away as well, and come back while it still does.
  const gone = outage()
  const refusing = outage()
  /** Steps that were refused. As long as they are, others may be answered, which says nothing. */
  const refused = new Set<string>()
  const unreadable = new Set<string>()
  let reconnectedAt = Number.NEGATIVE_INFINITY
  let looking: NodeJS.Timeout | undefined

  function stopLooking(): void {
    clearInterval(looking)
    looking = undefined
  }

  function lookAgain(): void {
    refused.add(PING)
    looking ??= setInterval(() => {
      if (refusing.isAway()) ping()
      else stopLooking()
    }, LOOK_EVERY_MS).unref()
  }

  /** A Cluster client finds the new primary by itself. */
  function leaveReplica(): void {
    const now = performance.now()
    if (client.isCluster || client.status !== 'ready' || now - reconnectedAt < RECONNECT_EVERY_MS) return
    reconnectedAt = now
    client.disconnect(true)
  }

  function tellOnce(about: string, cause: unknown, consequence: string): void {
    if (unreadable.has(about)) return
    unreadable.add(about)
    const what = cause instanceof Unreadable ? cause.message : 'a value'
    notice(`Redis holds ${what} that cannot be read, so ${consequence}; this is told once`)
  }

  function tellUnreadable(step: string, cause: unknown): void {
    tellOnce(step, cause, `"${step}" counts as unavailable for whom it concerns`)
  }

  return {
    failed(step, cause) {
      const code =
        cause instanceof Error && cause.name === 'ReplyError' ? /^[A-Z]+/.exec(cause.message)?.[0] : undefined
      if (code === 'LATE') return
      if (isDamage(code, cause)) return tellUnreadable(step, cause)
      if (code === 'READONLY') leaveReplica()
      const refusal = refusalOf(code, cause)
      if (refusal !== undefined) {
        if (!refusing.isAway()) refused.clear()
        refused.add(step)
        if (code !== undefined && code !== NO_PERMISSION) lookAgain()
        return refusing.failed(refusal)
      }
      const why = causes.of(cause)
      // It may not be known yet whether the server is away.
      if (why !== undefined || gone.isAway())
        gone.failed(
          `Redis at ${causes.address} is away (${why}): what needs it is answered 503 until it is back`,
        )
    },
    answered(step) {
      gone.served()
      if (refused.has(step)) refusing.served()
    },
    unreadable: tellUnreadable,
    leftOut: (cause) => tellOnce('left out of "list"', cause, '"list" leaves it out'),
    close: stopLooking,
  }
}

/**
 * Whether a script came upon a value, or a key, of another form than it writes. Redis 6 puts what a command was refused
 * with into the error of the script.
 */
function isDamage(code: string | undefined, cause: unknown): boolean {
  if (code === 'WRONGTYPE') return true
  if (code !== 'ERR' || !(cause instanceof Error) || !cause.message.includes('user_script')) return false
  const [, inner = 'WRONGTYPE'] = / -([A-Z]{2,}) /.exec(cause.message) ?? []
  return inner === 'WRONGTYPE'
}

/** What to tell of a server that answers, and refuses. */
function refusalOf(code: string | undefined, cause: unknown): string | undefined {
  if (code !== undefined)
    return `Redis refuses a command with ${code}: it counts as away until it accepts commands again`
  if (cause instanceof TooFewReplicas)
    return 'Redis has too few replicas that follow it: sign-in, refresh and logout answer 503 until they do'
  return undefined
}
