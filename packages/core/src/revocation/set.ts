import { isSessionId, type SubjectTag } from '../ports/ids.ts'
import {
  concernsToken,
  REVOCATION_RETENTION_MS,
  type Revocation,
  type TokenIdentity,
} from '../ports/revocations.ts'
import {
  createGeneration,
  type Generation,
  holds,
  listed,
  OWN_JTI,
  type Placing,
  put,
  sizeOf,
  tableOf,
  unseenOf,
  watch,
} from './generation.ts'

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
  /** The latest second of which any token of the subject is refused, or 0. */
  refusedUntil(tag: SubjectTag): number
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
    const fresh = createGeneration(at)
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
    const table = tableOf(revocation)
    for (const older of generations)
      if (older !== young && holds(older, table, revocation)) return put(how, older, table, revocation)
    return put(how, young, table, revocation)
  }

  return {
    add: (revocation, at) => place('add', revocation, at),
    see: (revocation, at) => place('see', revocation, at),
    has(revocation) {
      const table = tableOf(revocation)
      return some((generation) => holds(generation, table, revocation))
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
    refusedUntil(tag) {
      const held = generations.flatMap(({ subjects }) => subjects.get(tag) ?? [])
      return held.reduce((latest, { notBefore }) => Math.max(latest, notBefore), 0)
    },
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
