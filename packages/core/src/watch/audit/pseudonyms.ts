import { isIP } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { Devices } from '../../binding/device.ts'
import { regionOf } from '../../binding/networks.ts'
import type { Clock, Random } from '../../ports/clock.ts'
import { isSessionId, type SubjectTag, tagOf, tagOfSession } from '../../ports/ids.ts'
import type { SubjectKeyStore } from '../../ports/optional/subject-keys.ts'
import type { Unavailable } from '../../ports/outcome.ts'
import type { EventName, SallyportEvent } from '../event.ts'
import {
  isHidden,
  openPersonal,
  type PersonKeys,
  personKeys,
  SEAL_NONCE_BYTES,
  sealPersonal,
  sessionPseudonym,
} from './sealed.ts'

export type RevealOutcome =
  /** The event as it was told. */
  | { readonly kind: 'revealed'; readonly event: SallyportEvent }
  /** The subject was forgotten, the key is over, or somebody else has written the event. */
  | { readonly kind: 'unknown' }
  | Unavailable

export type PseudonymOutcome = { readonly kind: 'read'; readonly pseudonym: string | undefined } | Unavailable

/** Hides in the audit trail who it was. */
export interface Pseudonyms {
  /** The events without their subjects; `undefined` while the store, which has the keys, does not answer. */
  disguise(events: readonly SallyportEvent[]): Promise<readonly SallyportEvent[] | undefined>
  reveal(event: SallyportEvent): Promise<RevealOutcome>
  of(subject: string): Promise<PseudonymOutcome>
  /** Forgets the key of a subject that was signed out everywhere, and may be erased next. */
  forget(tag: SubjectTag): void
}

export interface PseudonymsParts {
  readonly store: SubjectKeyStore
  readonly devices: Pick<Devices, 'labelOf'>
  /** How long a key is kept after its last use. */
  readonly keptMs: number
  readonly clock: Clock
  readonly random: Random
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] }

interface Alias {
  readonly pseudonym: string
  readonly keys: PersonKeys
  /** Whether the store has it. If not, nobody can ever tell whose it was. */
  readonly isKept: boolean
  readonly since: number
  /** The session of the last event, as most users have one. */
  session: { readonly sid: string; readonly pseudonym: string } | undefined
}

const ALIASES_REMEMBERED = 10_000
const REGIONS_REMEMBERED = 1000
/** A process hears at once that a subject was forgotten. This is for when it does not. */
const REMEMBERED_MS = 3_600_000
/** A subject without a key may get one from another process. */
const WITHOUT_KEY_MS = 60_000
/** After a sign-out everywhere, the key of the subject may still be erased for this long. */
const ENDING_MS = 60_000
const ID_BYTES = 16
const KEY_BYTES = 32

/**
 * What only a subject with a live session or a new API key can cause. Others must not make a key: a token of a subject that was forgotten
 * may come a while longer.
 */
const MAKES_KEY: readonly EventName[] = ['session.started', 'session.refreshed', 'apikey.created']

export function createPseudonyms({ store, devices, keptMs, clock, random }: PseudonymsParts): Pseudonyms {
  const aliases = new LRUCache<SubjectTag, Alias>({ max: ALIASES_REMEMBERED })
  const regions = new LRUCache<string, string>({ max: REGIONS_REMEMBERED })
  /** When subjects were last signed out everywhere, of whom nothing is remembered for a while. */
  const endings = new LRUCache<SubjectTag, number>({ max: ALIASES_REMEMBERED })

  const newKey = (): { id: string; key: Uint8Array } => ({
    id: Buffer.from(random(ID_BYTES)).toString('base64url'),
    key: random(KEY_BYTES),
  })

  function remembered(tag: SubjectTag, makesKey: boolean): Alias | undefined {
    const alias = aliases.get(tag)
    if (alias === undefined || (makesKey && !alias.isKept)) return undefined
    const age = clock.monotonic() - alias.since
    return age > (alias.isKept ? REMEMBERED_MS : WITHOUT_KEY_MS) ? undefined : alias
  }

  async function fetch(tag: SubjectTag, makesKey: boolean): Promise<Alias | undefined> {
    const fresh = newKey()
    const outcome = await store.keyOf({ tag, fresh: makesKey ? fresh : undefined, keptMs, at: clock.now() })
    if (outcome.kind === 'unavailable') return undefined
    const since = clock.monotonic()
    const alias: Alias =
      outcome.kind === 'found'
        ? {
            pseudonym: outcome.pseudonym,
            keys: personKeys(outcome.key),
            isKept: true,
            since,
            session: undefined,
          }
        : { pseudonym: fresh.id, keys: personKeys(fresh.key), isKept: false, since, session: undefined }
    // The answer may be from before an erasure.
    const endedAt = endings.get(tag)
    if (endedAt === undefined || since - endedAt > ENDING_MS) aliases.set(tag, alias)
    return alias
  }

  /** Asks the store for each subject once. */
  async function aliasesFor(
    events: readonly SallyportEvent[],
  ): Promise<ReadonlyMap<SubjectTag, Alias> | undefined> {
    const names = new Map<SubjectTag, Set<EventName>>()
    for (const event of events) {
      const tag = subjectOf(event)
      if (tag !== undefined) names.set(tag, (names.get(tag) ?? new Set()).add(event.event))
    }
    const found = await Promise.all(
      [...names].map(async ([tag, told]) => {
        const makesKey = MAKES_KEY.some((name) => told.has(name))
        // Another process may just have forgotten the subject, who begins anew.
        const known = told.has('session.started') ? undefined : remembered(tag, makesKey)
        return [tag, known ?? (await fetch(tag, makesKey))] as const
      }),
    )
    const all = new Map<SubjectTag, Alias>()
    for (const [tag, alias] of found) {
      if (alias === undefined) return undefined
      all.set(tag, alias)
    }
    return all
  }

  function sessionOf(alias: Alias, sid: string): string {
    if (alias.session?.sid !== sid) alias.session = { sid, pseudonym: sessionPseudonym(alias.keys, sid) }
    return alias.session.pseudonym
  }

  function regionBehind(ip: string): string {
    const known = regions.get(ip)
    if (known !== undefined) return known
    const region = networkBehind(ip)
    regions.set(ip, region)
    return region
  }

  /** Members are replaced one by one, because an object that is put together by spreading costs many times as much. */
  function disguised(event: SallyportEvent, alias: Alias): SallyportEvent {
    const { sid, ip, previous_ip: previous, user_agent: agent, resource_id: resource } = event
    const hidden = { ...event, sub: alias.pseudonym } as Writable<SallyportEvent>
    if (sid !== undefined) hidden.sid = sessionOf(alias, sid)
    if (ip !== undefined) hidden.ip = regionBehind(ip)
    if (previous !== undefined) hidden.previous_ip = regionBehind(previous)
    if (agent !== undefined) hidden.user_agent = devices.labelOf(agent)
    // A resource may be a person, such as the caller's own profile.
    if (resource !== undefined) delete hidden.resource_id
    hidden.sealed = sealPersonal(event, hidden, alias.keys, random(SEAL_NONCE_BYTES))
    return hidden
  }

  return {
    async disguise(events) {
      const known = await aliasesFor(events)
      if (known === undefined) return undefined
      return events.map((event) => {
        const tag = subjectOf(event)
        const alias = tag === undefined ? undefined : known.get(tag)
        return alias === undefined ? event : disguised(event, alias)
      })
    },
    async reveal(event) {
      const outcome = await store.keyBehind(event.sub ?? '', clock.now())
      if (outcome.kind === 'unavailable') return outcome
      const personal = outcome.kind === 'found' ? openPersonal(event, personKeys(outcome.key)) : undefined
      if (personal === undefined) return { kind: 'unknown' }
      const told = Object.entries(event).filter(([name]) => !isHidden(name))
      return { kind: 'revealed', event: { ...Object.fromEntries(told), ...personal } as SallyportEvent }
    },
    async of(subject) {
      const query = { tag: tagOf(subject), fresh: undefined, keptMs, at: clock.now() }
      const outcome = await store.keyOf(query)
      if (outcome.kind === 'unavailable') return outcome
      return { kind: 'read', pseudonym: outcome.kind === 'found' ? outcome.pseudonym : undefined }
    },
    forget(tag) {
      aliases.delete(tag)
      endings.set(tag, clock.monotonic())
    },
  }
}

/** The id of a session begins with the tag of its subject. */
function subjectOf({ sub, sid }: SallyportEvent): SubjectTag | undefined {
  if (sub !== undefined) return tagOf(sub)
  return sid !== undefined && isSessionId(sid) ? tagOfSession(sid) : undefined
}

/** An event of the application may have anything there. */
function networkBehind(ip: string): string {
  return isIP(ip) === 0 ? 'unknown' : regionOf(ip)
}
