import type { Clock } from '../../ports/clock.ts'
import type { SallyportEvent } from '../event.ts'
import type { Events } from '../events.ts'
import type { Attributes, Meter } from './meter.ts'
import type { Tally } from './tally.ts'

/** A key that signs or has signed. */
interface AgingKey {
  readonly kid: string
  readonly state: string
  /** Milliseconds since the epoch. */
  readonly signsFrom: number | undefined
}

/** The counter of something that was lost. */
export interface Loss {
  readonly name: string
  readonly description: string
  readonly count: () => number
}

export interface MetricsParts {
  readonly on: Events['on']
  readonly tally: Readonly<Tally>
  /** How many revocations this process holds. */
  readonly revocations: () => number
  /** How long ago this process last heard from the whole store, in milliseconds; infinity if never. */
  readonly staleMs: () => number
  readonly connections: () => number
  readonly losses: readonly Loss[]
  readonly keys: () => readonly AgingKey[]
  readonly clock: Clock
}

/** Reasons may come from the application. So many are told apart; what goes beyond is `other`. */
const MAX_REASONS = 100

/** Reports what happens, and the state of this process, to a meter. */
export function createMetrics(meter: Meter, parts: MetricsParts): void {
  const { tally, clock } = parts
  const events = createEventCounts()
  parts.on('event', events.count)

  const observe = (
    kind: 'createObservableCounter' | 'createObservableGauge',
    [name, description, unit]: readonly [name: string, description: string, unit?: string],
    read: (tell: (value: number, attributes?: Attributes) => void) => void,
  ): void =>
    meter[kind](`sallyport.${name}`, { description, ...(unit === undefined ? {} : { unit }) }).addCallback(
      (result) => read((value, attributes) => result.observe(value, attributes)),
    )

  observe(
    'createObservableCounter',
    ['events', 'Events of the audit trail, by name, outcome and reason'],
    events.tell,
  )
  observe(
    'createObservableCounter',
    ['requests.allowed', 'Requests whose access token was found valid'],
    (tell) => tell(tally.allowed),
  )
  observe(
    'createObservableCounter',
    ['tokens.inspected', 'Access tokens inspected, by whether this process had verified them before'],
    (tell) => {
      tell(tally.recalled, { known: 'true' })
      tell(tally.inspected, { known: 'false' })
    },
  )
  observe('createObservableGauge', ['revocations.held', 'Live revocations that this process holds'], (tell) =>
    tell(parts.revocations()),
  )
  observe(
    'createObservableGauge',
    ['revocations.staleness', 'Time since this process last heard from the whole store', 's'],
    (tell) => {
      const stale = parts.staleMs()
      if (Number.isFinite(stale)) tell(stale / 1000)
    },
  )
  observe(
    'createObservableGauge',
    [
      'revocations.lag',
      'Longest time that a revocation took to be announced here since the last report',
      's',
    ],
    (tell) => tell(tally.longestLagMs() / 1000),
  )
  observe('createObservableGauge', ['connections.open', 'Connections that end with their token'], (tell) =>
    tell(parts.connections()),
  )
  for (const { name, description, count } of parts.losses)
    observe('createObservableCounter', [name, description], (tell) => tell(count()))
  observe('createObservableGauge', ['keys.age', 'Time since a key began to sign', 's'], (tell) => {
    for (const { kid, state, signsFrom } of parts.keys())
      if (signsFrom !== undefined) tell(Math.max(0, clock.now() - signsFrom) / 1000, { kid, state })
  })
}

interface EventCounts {
  count(event: SallyportEvent): void
  tell(tell: (value: number, attributes: Attributes) => void): void
}

/** Counts events here and reports the sums on request: adding to a meter costs more than the rest of an event. */
function createEventCounts(): EventCounts {
  const counts = new Map<string, { readonly attributes: Attributes; value: number }>()
  const reasons = new Set<string>()

  function known(reason: string): string {
    // What changed on the device follows after a comma.
    const comma = reason.indexOf(',')
    const code = comma === -1 ? reason : reason.slice(0, comma)
    if (reasons.has(code)) return code
    if (reasons.size >= MAX_REASONS) return 'other'
    reasons.add(code)
    return code
  }

  return {
    count({ event, outcome, reason }) {
      const code = reason === undefined ? '' : known(reason)
      const name = `${event} ${outcome} ${code}`
      const counted = counts.get(name)
      if (counted !== undefined) counted.value++
      else {
        const attributes = { event, outcome, ...(code === '' ? {} : { reason: code }) }
        counts.set(name, { attributes, value: 1 })
      }
    },
    tell(tell) {
      for (const { attributes, value } of counts.values()) tell(value, attributes)
    },
  }
}
