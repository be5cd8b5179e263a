/**
 * What was seen of a system from outside, and which of its promises that breaks. Times are those of one
 * monotonic clock, in milliseconds.
 */
export type Fact =
  /** An answer acknowledged that a session is revoked. */
  | { readonly what: 'revoked'; readonly session: string; readonly node: string; readonly at: number }
  /** A revocation was tried and not acknowledged: the session may be either from now on. */
  | { readonly what: 'doubted'; readonly session: string }
  /** A node answered for an access token; status 0 where no answer came. */
  | (Asked & { readonly what: 'judged' })
  /** A node answered for a refresh token. */
  | (Asked & {
      readonly what: 'refreshed'
      readonly presented: string
      readonly returned: string | undefined
    })
  /** A node began to serve; lost its store; could reach it again; said itself that it is ready. */
  | {
      readonly what: 'started' | 'cut' | 'healed' | 'reconnected'
      readonly node: string
      readonly at: number
    }

interface Asked {
  readonly session: string
  readonly node: string
  readonly sentAt: number
  readonly at: number
  readonly status: number
}

export interface Bounds {
  /** Within this a node that reaches the store refuses what was revoked. */
  readonly refusedWithinMs: number
  /** For so long a node may judge alone. */
  readonly maxStalenessMs: number
  /** What a measurement from outside may be off. */
  readonly slackMs: number
}

export interface Breach {
  /**
   * `late`: a revoked session was accepted after its bound. `lost`: a node accepted what it had refused as
   * revoked. `forked`: two live lines of one session. `stale`: a node judged alone for too long. `wronged`: a
   * session that nobody revoked was refused. `unanswered`: no answer, or one that is nobody's fault but ours.
   */
  readonly promise: 'late' | 'lost' | 'forked' | 'stale' | 'wronged' | 'unanswered'
  readonly session: string
  readonly node: string
  /** When, and by how much where that says something. */
  readonly at: number
  readonly byMs?: number
}

/** The promises that a history breaks, in its order for each promise; nothing for a clean one. */
export function breachesOf(history: readonly Fact[], bounds: Bounds): readonly Breach[] {
  const judged = history.filter((fact) => fact.what === 'judged')
  const refreshed = history.filter((fact) => fact.what === 'refreshed')
  const revoked = new Map<string, { readonly node: string; readonly at: number }>()
  for (const fact of history)
    if (fact.what === 'revoked' && !revoked.has(fact.session)) revoked.set(fact.session, fact)
  const doubted = new Set(history.flatMap((fact) => (fact.what === 'doubted' ? [fact.session] : [])))
  const windows = windowsOf(history)

  return [
    ...lateOnes([...judged, ...refreshed], revoked, windows, bounds),
    ...lostOnes(judged, revoked),
    ...forks(refreshed),
    ...staleOnes(judged, windows, bounds),
    ...judged
      .filter(({ session, status }) => status === 401 && !revoked.has(session) && !doubted.has(session))
      .map((one) => breach('wronged', one)),
    ...[...judged, ...refreshed]
      .filter(({ status }) => status === 0 || (status >= 500 && status !== 503))
      .map((one) => breach('unanswered', one)),
  ]
}

interface Window {
  readonly from: number
  /** When the store could be reached again, and when the node said so. */
  healedAt: number
  until: number
}

function windowsOf(history: readonly Fact[]): ReadonlyMap<string, readonly Window[]> {
  const windows = new Map<string, Window[]>()
  for (const fact of history) {
    if (!('node' in fact && 'at' in fact)) continue
    const own = windows.get(fact.node) ?? []
    windows.set(fact.node, own)
    const open = own.at(-1)
    if (fact.what === 'started')
      own.push({ from: Number.NEGATIVE_INFINITY, healedAt: fact.at, until: fact.at })
    else if (fact.what === 'cut')
      own.push({ from: fact.at, healedAt: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY })
    else if (fact.what === 'healed' && open !== undefined) open.healedAt = fact.at
    else if (fact.what === 'reconnected' && open !== undefined) open.until = fact.at
  }
  return windows
}

/** Until when a node may accept what was revoked: whenever it is cut off it has the same time anew afterwards. */
function deadline(revokedAt: number, windows: readonly Window[], withinMs: number): number {
  let until = revokedAt + withinMs
  for (const window of windows)
    if (window.from <= until && window.until >= revokedAt) until = Math.max(until, window.until + withinMs)
  return until
}

function lateOnes(
  asked: readonly (Fact & Asked)[],
  revoked: ReadonlyMap<string, { readonly node: string; readonly at: number }>,
  windows: ReadonlyMap<string, readonly Window[]>,
  { refusedWithinMs }: Bounds,
): readonly Breach[] {
  return asked.flatMap((one) => {
    const end = revoked.get(one.session)
    if (end === undefined || one.status !== 200) return []
    const atOnce = end.node === one.node && one.what === 'judged'
    const until = atOnce ? end.at : deadline(end.at, windows.get(one.node) ?? [], refusedWithinMs)
    return one.sentAt > until ? [breach('late', one, one.sentAt - until)] : []
  })
}

/** What a process saw revoked it never accepts again. */
function lostOnes(
  judged: readonly (Fact & Asked)[],
  revoked: ReadonlyMap<string, { readonly at: number }>,
): readonly Breach[] {
  const refusedAt = new Map<string, number>()
  for (const { session, node, status, at } of judged) {
    const key = `${node} ${session}`
    if (status === 401 && revoked.has(session))
      refusedAt.set(key, Math.min(at, refusedAt.get(key) ?? Number.POSITIVE_INFINITY))
  }
  return judged
    .filter(
      ({ session, node, status, sentAt }) =>
        status === 200 && sentAt > (refusedAt.get(`${node} ${session}`) ?? Number.POSITIVE_INFINITY),
    )
    .map((one) => breach('lost', one))
}

function staleOnes(
  judged: readonly (Fact & Asked)[],
  windows: ReadonlyMap<string, readonly Window[]>,
  { maxStalenessMs, slackMs }: Bounds,
): readonly Breach[] {
  return judged.flatMap((one) => {
    if (one.status !== 200) return []
    const cut = windows.get(one.node)?.find(({ from, healedAt }) => one.sentAt >= from && one.at < healedAt)
    const tooLong = one.sentAt - (cut?.from ?? Number.POSITIVE_INFINITY) - maxStalenessMs - slackMs
    return tooLong > 0 && Number.isFinite(tooLong) ? [breach('stale', one, tooLong)] : []
  })
}

type Refresh = Extract<Fact, { what: 'refreshed' }>

/**
 * Two successors of one token that were both exchanged after both were there, neither of which leads to the
 * other or to where the other leads. Successors that meet again are one line.
 */
function forks(refreshed: readonly Refresh[]): readonly Breach[] {
  const won = refreshed.filter(({ status, returned }) => status === 200 && returned !== undefined)
  const byToken = new Map<string, Refresh[]>()
  for (const one of won) byToken.set(one.presented, [...(byToken.get(one.presented) ?? []), one])
  const reach = (token: string): ReadonlySet<string> => {
    const reached = new Set([token])
    for (const one of reached) for (const { returned } of byToken.get(one) ?? []) reached.add(returned ?? one)
    return reached
  }
  return [...byToken.values()].flatMap((siblings) => {
    const first = new Map<string, Refresh>()
    for (const one of siblings.toSorted((a, b) => a.at - b.at))
      if (one.returned !== undefined && !first.has(one.returned)) first.set(one.returned, one)
    const lines = [...first.entries()]
    const bothThere = Math.max(...lines.slice(0, 2).map(([, { at }]) => at))
    const live = lines.filter(([token]) => byToken.get(token)?.some(({ at }) => at >= bothThere))
    return live.flatMap(([token, one], index) =>
      live.slice(0, index).some(([other]) => isApart(reach(token), reach(other)))
        ? [breach('forked', one)]
        : [],
    )
  })
}

function isApart(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return ![...some].some((one) => others.has(one))
}

function breach(promise: Breach['promise'], { session, node, at }: Asked, byMs?: number): Breach {
  return { promise, session, node, at, ...(byMs === undefined ? {} : { byMs: Math.round(byMs) }) }
}
