import { decodeRevocation, encodeRevocation } from '../ports/encoded-revocation.ts'
import { isSessionId, type SessionId, type SubjectTag } from '../ports/ids.ts'
import {
  concernsToken,
  REVOCATION_RETENTION_MS,
  type Revocation,
  type SubjectRevocation,
  type TokenIdentity,
} from '../ports/revocations.ts'
import { createIdTable, type IdFormat, type IdTable } from './id-table.ts'

/** The live revocations of one shard. Lookups are fast, and old revocations are dropped without a scan. */
export interface RevocationSet {
  /** Adds a revocation, and returns whether it is new. */
  add(revocation: Revocation, at: number): boolean
  /** Adds one, if it is new, and notes that it was seen. Returns whether it is new. */
  see(revocation: Revocation, at: number): boolean
  has(revocation: Revocation): boolean
  size(): number
  /** Whether the session of the token was ended, or this generation of it burnt. */
  concernsSession(session: string, generation: number | undefined): boolean
  concernsJti(jti: string): boolean
  concernsKey(kid: string): boolean
  /** Whether a revocation of the token's subject concerns it. */
  concernsSubject(token: TokenIdentity): boolean
  /** All of them, the earliest first. Some may be added meanwhile. */
  all(): IterableIterator<Revocation>
  /** Begins to note which of them are seen from now on, or stops to note it. */
  watch(isOn: boolean): void
  /**
   * Those that were not seen since the watch began; none if there is no watch. Yields `undefined` for some that were
   * seen, so that whoever looks may rest in between.
   */
  unseen(): IterableIterator<Revocation | undefined>
}

/** Where to look up what concerns a token. */
export interface RevocationSets {
  ofSession(session: string): Lookups
  /** For a token or a key. */
  ofName(name: string): Lookups
  ofSubject(token: TokenIdentity): Lookups
}

export type Lookups = Pick<RevocationSet, Extract<keyof RevocationSet, `concerns${string}`>>

/**
 * Whether a token was revoked.
 *
 * @param notBefore tokens of this deployment that were issued in this second or earlier are revoked
 */
export function isRevoked(token: TokenIdentity, notBefore: number, sets: RevocationSets): boolean {
  const { own, session, generation, jti, kid, issuedAt = 0 } = token
  return (
    (own && issuedAt <= notBefore) ||
    (session !== undefined && sets.ofSession(session).concernsSession(session, generation)) ||
    (jti !== undefined && sets.ofName(jti).concernsJti(jti)) ||
    (kid !== undefined && sets.ofName(kid).concernsKey(kid)) ||
    sets.ofSubject(token).concernsSubject(token)
  )
}

interface Generation {
  /** When the first revocation was added. Milliseconds since the epoch. */
  readonly since: number
  /** Sessions of this deployment, which are nearly all that is ever revoked. */
  readonly sessions: IdTable
  readonly burnt: IdTable
  /** Tokens of this deployment. */
  readonly tokens: IdTable
  readonly subjects: Map<SubjectTag, SubjectRevocation[]>
  /** All others, encoded: keys, what belongs to other issuers, and revocations of everything. They are rare. */
  readonly others: Set<string>
  /** What of `subjects` and `others` was seen, encoded. The tables note it themselves. */
  seen: Set<string> | undefined
}

const SESSIONS: IdFormat = { bytes: 28, randomWord: 3 }
const BURNT: IdFormat = { ...SESSIONS, numbered: true }
const TOKENS: IdFormat = { bytes: 16, randomWord: 0 }
/** 16 bytes leave only two bits for the last character, so it is one of four. */
const OWN_JTI = /^[A-Za-z0-9_-]{21}[AQgw]$/

const GENERATIONS = 3
/** While one generation is filled, the others together cover the retention period. */
const GENERATION_MS = REVOCATION_RETENTION_MS / (GENERATIONS - 1)

/**
 * Keeps three generations, each of which is filled for half the retention period. When the youngest is full, the oldest
 * is dropped as a whole, because all of its entries have outlived the tokens that they concern.
 */
export function createRevocationSet(): RevocationSet {
  let generations: readonly Generation[] = []
  let isWatched = false

  function youngest(at: number): Generation {
    const [young] = generations
    if (young !== undefined && at - young.since < GENERATION_MS) return young
    const fresh: Generation = {
      since: at,
      sessions: createIdTable(SESSIONS),
      burnt: createIdTable(BURNT),
      tokens: createIdTable(TOKENS),
      subjects: new Map(),
      others: new Set(),
      seen: undefined,
    }
    if (isWatched) watch(fresh, true)
    generations = [fresh, ...generations.slice(0, GENERATIONS - 1)]
    return fresh
  }

  function some(concerns: (generation: Generation) => boolean): boolean {
    for (const generation of generations) if (concerns(generation)) return true
    return false
  }

  function place(how: Placing, revocation: Revocation, at: number): boolean {
    const young = youngest(at)
    const room = roomOf(revocation)
    for (const older of generations)
      if (older !== young && holds(older, room, revocation)) return put(how, older, room, revocation)
    return put(how, young, room, revocation)
  }

  return {
    add: (revocation, at) => place('add', revocation, at),
    see: (revocation, at) => place('see', revocation, at),
    has(revocation) {
      const room = roomOf(revocation)
      return some((generation) => holds(generation, room, revocation))
    },
    size: () => generations.reduce((sum, one) => sum + sizeOf(one), 0),
    concernsSession: (session, generation) =>
      isSessionId(session)
        ? some(
            ({ sessions, burnt }) =>
              sessions.has(session) || (generation !== undefined && burnt.has(session, generation)),
          )
        : some(({ others }) => others.size > 0 && others.has(`s:${session}`)),
    concernsJti: (jti) =>
      // Most of the time no token was revoked by itself.
      some(({ tokens, others }) => others.size > 0 || tokens.size() > 0) &&
      (OWN_JTI.test(jti)
        ? some(({ tokens }) => tokens.has(jti))
        : some(({ others }) => others.size > 0 && others.has(`j:${jti}`))),
    concernsKey: (kid) => some(({ others }) => others.size > 0 && others.has(`k:${kid}`)),
    concernsSubject: (token) =>
      some(
        ({ subjects }) =>
          // Reading the tag computes it, so it is read only if a whole subject was revoked.
          subjects.size > 0 && subjects.get(token.tag)?.some((held) => concernsToken(held, token)) === true,
      ),
    *all() {
      for (const generation of generations.toReversed()) yield* listed(generation)
    },
    watch(isOn) {
      isWatched = isOn
      for (const generation of generations) watch(generation, isOn)
    },
    *unseen() {
      for (const generation of generations.toReversed()) yield* unseenOf(generation)
    },
  }
}

type Placing = 'add' | 'see'

function watch(generation: Generation, isOn: boolean): void {
  generation.seen = isOn ? new Set() : undefined
  for (const table of [generation.sessions, generation.burnt, generation.tokens]) table.watch(isOn)
}

/** What of a generation holds a revocation. Found out once, because it takes as long as all else. */
function roomOf(revocation: Revocation): keyof Omit<Generation, 'since'> {
  switch (revocation.kind) {
    case 'session':
      return isSessionId(revocation.session) ? 'sessions' : 'others'
    case 'generation':
      return 'burnt'
    case 'token':
      return OWN_JTI.test(revocation.jti) ? 'tokens' : 'others'
    case 'subject':
      return 'subjects'
    case 'key':
    case 'all':
      return 'others'
  }
}

function holds(generation: Generation, room: ReturnType<typeof roomOf>, revocation: Revocation): boolean {
  if (room === 'sessions' && revocation.kind === 'session') return generation.sessions.has(revocation.session)
  if (room === 'tokens' && revocation.kind === 'token') return generation.tokens.has(revocation.jti)
  if (revocation.kind === 'generation') return generation.burnt.has(revocation.session, revocation.generation)
  if (revocation.kind !== 'subject')
    return generation.others.size > 0 && generation.others.has(encodeRevocation(revocation))
  const { tag, notBefore, except } = revocation
  const isSame = (held: SubjectRevocation): boolean => held.notBefore === notBefore && held.except === except
  return generation.subjects.get(tag)?.some(isSame) === true
}

/** Returns whether it was not there yet. */
function put(
  how: Placing,
  generation: Generation,
  room: ReturnType<typeof roomOf>,
  revocation: Revocation,
): boolean {
  const { sessions, tokens, burnt } = generation
  if (room === 'sessions' && revocation.kind === 'session') return sessions[how](revocation.session)
  if (room === 'tokens' && revocation.kind === 'token') return tokens[how](revocation.jti)
  if (revocation.kind === 'generation') return burnt[how](revocation.session, revocation.generation)
  if (how === 'see') generation.seen?.add(encodeRevocation(revocation))
  if (holds(generation, room, revocation)) return false
  if (revocation.kind === 'subject') {
    const held = generation.subjects.get(revocation.tag) ?? []
    generation.subjects.set(revocation.tag, [...held, revocation])
  } else generation.others.add(encodeRevocation(revocation))
  return true
}

function* listed(generation: Generation): Generator<Revocation> {
  for (const encoded of generation.others) yield decodeRevocation(encoded)
  for (const held of generation.subjects.values()) yield* held
  yield* tabled(generation, 'entries')
}

function* unseenOf(generation: Generation): Generator<Revocation | undefined> {
  const { others, subjects, seen } = generation
  if (seen === undefined) return
  for (const encoded of others) yield seen.has(encoded) ? undefined : decodeRevocation(encoded)
  for (const held of subjects.values())
    for (const one of held) yield seen.has(encodeRevocation(one)) ? undefined : one
  yield* tabled(generation, 'unseen')
}

function* tabled(
  { sessions, burnt, tokens }: Generation,
  which: 'entries' | 'unseen',
): Generator<Revocation> {
  for (const [jti] of tokens[which]()) yield { kind: 'token', jti }
  // The tables give back the spelling that they took in.
  for (const [session, generation] of burnt[which]())
    yield { kind: 'generation', session: session as SessionId, generation }
  for (const [session] of sessions[which]()) yield { kind: 'session', session }
}

function sizeOf({ sessions, burnt, tokens, subjects, others }: Generation): number {
  return sessions.size() + burnt.size() + tokens.size() + subjects.size + others.size
}
