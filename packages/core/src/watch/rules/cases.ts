import { tagOf } from '../../ports/ids.ts'
import {
  MOST_SIGHTINGS,
  type Seen,
  type Sighting,
  type SightingsName,
} from '../../ports/optional/sightings.ts'
import { isThenable } from '../../thenable.ts'
import type { Callbacks } from '../callbacks.ts'
import type { SallyportEvent } from '../event.ts'
import type { Hashes } from './circumstances.ts'
import type { AnomalyRule, Circumstances, Finding, Observation } from './rule.ts'

/** An event that a rule looks at. */
export interface Case {
  readonly rule: AnomalyRule
  readonly event: SallyportEvent
  /** `undefined`: the event is judged alone. */
  readonly sighting: Sighting | undefined
  /** By which no other alert is raised for a while after a finding; `undefined`: every finding raises one. */
  readonly quiet: Sighting | undefined
  /** Whether the same is told over and over, and need not be noted each time. */
  readonly mayRepeat: boolean
  judge(seen: Seen): Finding | undefined
}

/** Makes the case of an event; `undefined` if it does not concern the rule, or the rule fails. */
export type CaseOf = (event: SallyportEvent, circumstances: Circumstances) => Case | undefined

/** A value that a store can keep as it is. */
const PLAIN = /^[\x21-\x7e]{1,64}$/
const RAISED = 'raised'

/**
 * Makes the cases of a rule. Whatever a rule of the application throws or returns becomes a notice at most.
 *
 * @param nextId gives a value that no other process gives, for events that are merely counted
 */
export function createCases(
  rule: AnomalyRule,
  { hashes, callbacks, nextId }: { hashes: Hashes; callbacks: Callbacks; nextId: () => string },
): CaseOf {
  const { name, windowSeconds, quietSeconds = windowSeconds, most } = rule
  const called = `the rule "${name}"`
  // The rule is given only the events that it names, which the types of a list of rules cannot tell.
  const judge = callbacks.answering(called, (seen: Seen, event: SallyportEvent, about: Circumstances) => {
    const finding = settled(rule.judge(seen, event as SallyportEvent<never>, about))
    if (finding === undefined) return undefined
    const { summary } = finding
    if (typeof summary !== 'string') throw new TypeError('a finding has a summary')
    return { summary }
  })

  let userName: SightingsName | undefined

  /** The name and the owner of what is counted together. */
  function keyOf(by: NonNullable<Observation['by']>, sub: string): Pick<Sighting, 'name' | 'tag'> {
    if (by !== 'user') return { name: hashes.nameOf(name, 'by', ...by) }
    userName ??= hashes.nameOf(name, 'user')
    return { name: userName, tag: tagOf(sub) }
  }

  return callbacks.answering(called, (event: SallyportEvent, about: Circumstances) => {
    const observation = settled(rule.observe(event as SallyportEvent<never>, about))
    if (observation === undefined) return undefined
    const { by, value } = observation
    if (value !== undefined && typeof value !== 'string') throw new TypeError('a value is a string')
    const { sub = '' } = event
    if (by === 'user' && sub === '') return undefined
    const key = by === undefined ? undefined : keyOf(by, sub)
    const kept = value === undefined ? nextId() : PLAIN.test(value) ? value : hashes.of('text', value)
    return {
      ...{ rule, event },
      mayRepeat: event.event === 'token.accepted' && value !== undefined,
      sighting:
        key === undefined || most === 0
          ? undefined
          : {
              ...{ ...key, value: kept, windowMs: windowSeconds * 1000 },
              ...{ most: Math.min(most, MOST_SIGHTINGS), counts: 'latest' },
            },
      // Few cases become findings, and only those need it.
      get quiet(): Sighting | undefined {
        if (key === undefined || quietSeconds === 0) return undefined
        const name = hashes.nameOf(RAISED, key.name)
        return { ...key, name, value: RAISED, windowMs: quietSeconds * 1000, most: 1, counts: 'first' }
      },
      judge: (seen) => judge(seen, event, about),
    }
  })
}

/** What a rule returns. Throws for a promise, which no types have kept an application from returning. */
function settled<T>(returned: T): T {
  if (!isThenable(returned)) return returned
  Promise.resolve(returned).catch(() => undefined)
  throw new TypeError('a rule returns no promise')
}
