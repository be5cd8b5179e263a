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
  bindSealed,
  isHidden,
  openPersonal,
  type Personal,
  type PersonKeys,
  personKeys,
  SEAL_NONCE_BYTES,
  sealPersonal,
  sessionPseudonym,
  tellsSame,
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
  /** What the last event told of the person: the next one mostly tells the same. */
  last: Disguise | undefined
}

interface Disguise {
  readonly told: Personal
  /** What stands in the trail in its place. */
  readonly shown: Personal
  readonly sealed: string
}

interface Wanted {
  readonly makesKey: boolean
  /** Another process may just have forgotten the subject, who begins anew. */
  readonly begins: boolean
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
    const isKept = outcome.kind === 'found'
    const { id, key } = isKept ? { id: outcome.pseudonym, key: outcome.key } : fresh
    const alias: Alias = { pseudonym: id, keys: personKeys(key), isKept, since, last: undefined }
    // The answer may be from before an erasure.
    const endedAt = endings.get(tag)
    if (endedAt === undefined || since - endedAt > ENDING_MS) aliases.set(tag, alias)
    return alias
  }

  /** The id of a session begins with the tag of its subject. */
  function subjectOf({ sub, sid }: SallyportEvent): SubjectTag | undefined {
    if (sid !== undefined && isSessionId(sid)) {
      const tag = tagOfSession(sid)
      // An application may name a session of somebody else. To compute a tag anew for each event would cost more.
      if (sub === undefined || aliases.peek(tag)?.last?.told.sub === sub) return tag
    }
    return sub === undefined ? undefined : tagOf(sub)
  }

  /** Asks the store for each subject once. */
  async function aliasesFor(
    events: readonly SallyportEvent[],
    tags: readonly (SubjectTag | undefined)[],
  ): Promise<ReadonlyMap<SubjectTag, Alias> | undefined> {
    const wanted = new Map<SubjectTag, Wanted>()
    for (const [index, { event }] of events.entries()) {
      const tag = tags[index]
      if (tag === undefined) continue
      const { makesKey = false, begins = false } = wanted.get(tag) ?? {}
      wanted.set(tag, {
        makesKey: makesKey || MAKES_KEY.includes(event),
        begins: begins || event === 'session.started',
      })
    }
    const all = new Map<SubjectTag, Alias>()
    const unknown: [SubjectTag, boolean][] = []
    for (const [tag, { makesKey, begins }] of wanted) {
      const known = begins ? undefined : remembered(tag, makesKey)
      if (known === undefined) unknown.push([tag, makesKey])
      else all.set(tag, known)
    }
    const fetched = await Promise.all(unknown.map(([tag, makesKey]) => fetch(tag, makesKey)))
    for (const [index, [tag]] of unknown.entries()) {
      const alias = fetched[index]
      if (alias === undefined) return undefined
      all.set(tag, alias)
    }
    return all
  }

  function regionBehind(ip: string): string {
    const known = regions.get(ip)
    if (known !== undefined) return known
    const region = networkBehind(ip)
    regions.set(ip, region)
    return region
  }

  function shownOf({ sid, ip, previous_ip: previous, user_agent: agent }: Personal, alias: Alias): Personal {
    const shown: Personal = { sub: alias.pseudonym }
    if (sid !== undefined) shown.sid = sessionPseudonym(alias.keys, sid)
    if (ip !== undefined) shown.ip = regionBehind(ip)
    if (previous !== undefined) shown.previous_ip = regionBehind(previous)
    if (agent !== undefined) shown.user_agent = devices.labelOf(agent)
    // A resource may be a person, such as the caller's own profile.
    return shown
  }

  function disguiseOf(
    { sub, sid, ip, previous_ip, user_agent, resource_id }: SallyportEvent,
    alias: Alias,
  ): Disguise {
    const told: Personal = { sub, sid, ip, previous_ip, user_agent, resource_id }
    if (alias.last !== undefined && tellsSame(alias.last.told, told)) return alias.last
    const sealed = sealPersonal(told, alias.keys, random(SEAL_NONCE_BYTES))
    const fresh = { told, shown: shownOf(told, alias), sealed }
    // Nothing is shown of a resource, not even that it was the one of the last event.
    if (resource_id === undefined) alias.last = fresh
    return fresh
  }

  /** Members are replaced one by one, because an object that is put together by spreading costs many times as much. */
  function disguised(event: SallyportEvent, alias: Alias): SallyportEvent {
    const { shown, sealed } = disguiseOf(event, alias)
    const { sub, sid, ip, previous_ip: previous, user_agent: agent } = shown
    const hidden = { ...event, sub } as Writable<SallyportEvent>
    if (sid !== undefined) hidden.sid = sid
    if (ip !== undefined) hidden.ip = ip
    if (previous !== undefined) hidden.previous_ip = previous
    if (agent !== undefined) hidden.user_agent = agent
    if (event.resource_id !== undefined) delete hidden.resource_id
    hidden.sealed = bindSealed(sealed, hidden, alias.keys)
    return hidden
  }

  return {
    async disguise(events) {
      const tags = events.map(subjectOf)
      const known = await aliasesFor(events, tags)
      if (known === undefined) return undefined
      return events.map((event, index) => {
        const tag = tags[index]
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

/** An event of the application may have anything there. */
function networkBehind(ip: string): string {
  return isIP(ip) === 0 ? 'unknown' : regionOf(ip)
}
