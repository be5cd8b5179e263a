import { LRUCache } from 'lru-cache'
import { patiently } from '../../dependencies/patience.ts'
import type { Clock } from '../../ports/clock.ts'
import { isThenable } from '../../thenable.ts'
import type { Callbacks } from '../callbacks.ts'
import type { EventName, SallyportEvent } from '../event.ts'
import type { Coordinates } from './rule.ts'

/** Finds out where an address is; `undefined` if that is not known. */
export type Locate = (ip: string) => Coordinates | undefined | PromiseLike<Coordinates | undefined>

/** Where the events happened, as far as it is known. */
export type LocationsOf = (
  events: readonly SallyportEvent[],
) => Promise<ReadonlyMap<SallyportEvent, Coordinates>>

export interface LocationsParts {
  readonly callbacks: Callbacks
  readonly clock: Clock
}

interface Located {
  /** `undefined`: nobody knows. */
  readonly at: Coordinates | undefined
  /** Until when it need not be asked for again. */
  readonly until: number
}

const LOCATED: readonly EventName[] = ['session.started', 'session.refreshed', 'token.accepted']
/** How long is waited for a location. */
const LOCATE_MS = 1000
/** After a look-up that took too long, none is made for this long, or every batch of events would wait. */
const SPARED_MS = 10_000
const KEPT_MS = 3_600_000
const MOST_KEPT = 10_000

/** @param locate `undefined`: nothing is located */
export function createLocations(
  locate: Locate | undefined,
  { callbacks, clock }: LocationsParts,
): LocationsOf {
  if (locate === undefined) return () => Promise.resolve(new Map())
  const kept = new LRUCache<string, Located>({ max: MOST_KEPT })
  let sparedUntil = Number.NEGATIVE_INFINITY

  const ask = callbacks.answering('the option "anomalies.rules.impossible_travel.locate"', (ip: string) => {
    const keep = (answer: unknown): void =>
      void kept.set(ip, { at: coordinatesIn(answer), until: clock.monotonic() + KEPT_MS })
    const answer = locate(ip)
    return isThenable(answer) ? Promise.resolve(answer).then(keep) : keep(answer)
  })

  function known(ip: string): Located | undefined {
    const located = kept.get(ip)
    return located !== undefined && clock.monotonic() < located.until ? located : undefined
  }

  /** A look-up that hangs must not hold up all others. What it answers later is kept. */
  async function lookUp(ip: string): Promise<void> {
    if (known(ip) !== undefined || clock.monotonic() < sparedUntil) return
    await new Promise<void>((resolve) => {
      const calledOff = patiently(LOCATE_MS, () => {
        sparedUntil = clock.monotonic() + SPARED_MS
        resolve()
      })
      const done = (): void => {
        calledOff()
        resolve()
      }
      Promise.resolve(ask(ip)).then(done, done)
    })
  }

  return async (events) => {
    const concerned = events.filter(({ event }) => LOCATED.includes(event))
    await Promise.all([...new Set(concerned.flatMap(({ ip }) => ip ?? []))].map(lookUp))
    return new Map(
      concerned.flatMap((event) => {
        const at = known(event.ip ?? '')?.at
        return at === undefined ? [] : [[event, at]]
      }),
    )
  }
}

/** A copy, since what an application returns may change, or throw when it is read. */
function coordinatesIn(answer: unknown): Coordinates | undefined {
  const { latitude, longitude } = Object(answer)
  return isWithin(90, latitude) && isWithin(180, longitude)
    ? Object.freeze({ latitude, longitude })
    : undefined
}

function isWithin(most: number, degrees: unknown): degrees is number {
  return typeof degrees === 'number' && Math.abs(degrees) <= most
}
