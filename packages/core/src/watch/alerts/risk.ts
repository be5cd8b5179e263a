import type { Clock } from '../../ports/clock.ts'
import { MOST_SIGHTINGS, type SightingStore, type SightingsName } from '../../ports/optional/sightings.ts'
import type { Unavailable } from '../../ports/outcome.ts'

export type RiskOutcome = { readonly kind: 'read' /** 0 to 100. */; readonly score: number } | Unavailable

/** How suspicious each session is. Each rule counts once a day. */
export interface Risk {
  /** Nobody waits for it. If the store is away, the points are lost. */
  add(session: string, rule: string, points: number): Promise<unknown>
  of(session: string): Promise<RiskOutcome>
}

export interface RiskParts {
  readonly store: SightingStore
  readonly nameOf: (...parts: readonly string[]) => SightingsName
  readonly hashOf: (rule: string) => string
  readonly clock: Clock
}

const KEPT_MS = 86_400_000
const HIGHEST = 100
const SEPARATOR = '.'

export function createRisk({ store, nameOf, hashOf, clock }: RiskParts): Risk {
  const nameOfSession = (session: string): SightingsName => nameOf('risk', session)
  return {
    async add(session, rule, points) {
      const value = `${points}${SEPARATOR}${hashOf(rule)}`
      const kept = { windowMs: KEPT_MS, most: MOST_SIGHTINGS, counts: 'latest' } as const
      return store.note([{ name: nameOfSession(session), value, ...kept }], clock.now())
    },
    async of(session) {
      const outcome = await store.read(nameOfSession(session), KEPT_MS, clock.now())
      if (outcome.kind === 'unavailable') return outcome
      const points = outcome.values.map(({ value }) => pointsIn(value))
      return {
        kind: 'read',
        score: Math.min(
          HIGHEST,
          points.reduce((sum, one) => sum + one, 0),
        ),
      }
    },
  }
}

/** Others may write to the store. */
function pointsIn(value: string): number {
  const points = Number(value.split(SEPARATOR, 1)[0])
  return points >= 0 && points <= HIGHEST ? points : 0
}
