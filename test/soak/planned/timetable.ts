import type { Chances } from '../../support/chances.ts'

const PLANNED = [
  'store killed',
  'store stopped',
  'node killed',
  'node stopped',
  'keys rotated',
  'everybody signed out',
] as const

export interface Planned {
  readonly what: (typeof PLANNED)[number]
  /** After the one before it was over. */
  readonly afterMs: number
  /** How long it lasts, where it lasts. */
  readonly lastsMs: number
}

/** How often each comes in a round: what signs everybody out is rare, so that sessions grow old. */
const ROUND: readonly Planned['what'][] = [
  ...['store killed', 'everybody signed out'],
  ...['store stopped', 'store stopped', 'store stopped'],
  ...['node killed', 'node killed'],
  ...['node stopped', 'node stopped', 'node stopped'],
  ...['keys rotated', 'keys rotated'],
] as const

const MOST_BETWEEN_MS = 40_000
const LEAST_BETWEEN_MS = 4000
/** So many fit into a short soak. */
const AT_LEAST = 9
/** A store that hangs for the longest of these makes nodes stale: they stop judging alone after ten seconds. */
const STORE_LASTS_MS = [1000, 3000, 12_000] as const
/** Less than the time after which a request counts as unanswered. */
const NODE_LASTS_MS = [500, 2000, 4000] as const

/** All that is planned, without end. Each happens once before any happens again. */
export function* timetable(chances: Chances, minutes: number): Generator<Planned, never> {
  const betweenMs = Math.max(LEAST_BETWEEN_MS, Math.min(MOST_BETWEEN_MS, (minutes * 60_000) / AT_LEAST))
  const isShort = betweenMs < MOST_BETWEEN_MS
  for (let round = 0; ; round++)
    for (const what of chances.shuffled(round === 0 ? PLANNED : ROUND)) {
      const lasting = what.startsWith('store') ? STORE_LASTS_MS : NODE_LASTS_MS
      const afterMs = betweenMs / 2 + chances.below(betweenMs / 2)
      yield { what, afterMs, lastsMs: lasting[chances.below(isShort ? 2 : lasting.length)] ?? lasting[0] }
    }
}
