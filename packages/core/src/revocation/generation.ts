import { decodeRevocation, encodeRevocation } from '../ports/encoded-revocation.ts'
import { isSessionId, type SessionId, type SubjectTag } from '../ports/ids.ts'
import type { Revocation, SubjectRevocation } from '../ports/revocations.ts'
import { createIdTable, type IdFormat, type IdTable } from './id-table.ts'

/** What a set was given within one period. All of it is dropped at once. */
export interface Generation {
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
export const OWN_JTI: RegExp = /^[A-Za-z0-9_-]{21}[AQgw]$/

export function createGeneration(since: number): Generation {
  return {
    since,
    sessions: createIdTable(SESSIONS),
    burnt: createIdTable(BURNT),
    tokens: createIdTable(TOKENS),
    subjects: new Map(),
    others: new Set(),
    seen: undefined,
  }
}

export type Placing = 'add' | 'see'

export function watch(generation: Generation, isOn: boolean): void {
  generation.seen = isOn ? new Set() : undefined
  for (const table of [generation.sessions, generation.burnt, generation.tokens]) table.watch(isOn)
}

/**
 * The table for a session or a token whose id fits into it. The kind alone tells where others belong. Found
 * out once, because it takes as long as all else.
 */
export type Table = 'sessions' | 'tokens' | undefined

export function tableOf(revocation: Revocation): Table {
  if (revocation.kind === 'session' && isSessionId(revocation.session)) return 'sessions'
  if (revocation.kind === 'token' && OWN_JTI.test(revocation.jti)) return 'tokens'
  return undefined
}

export function holds(generation: Generation, table: Table, revocation: Revocation): boolean {
  if (table === 'sessions' && revocation.kind === 'session')
    return generation.sessions.has(revocation.session)
  if (table === 'tokens' && revocation.kind === 'token') return generation.tokens.has(revocation.jti)
  if (revocation.kind === 'generation') return generation.burnt.has(revocation.session, revocation.generation)
  if (revocation.kind !== 'subject')
    return generation.others.size > 0 && generation.others.has(encodeRevocation(revocation))
  const { tag, notBefore, except } = revocation
  const isSame = (held: SubjectRevocation): boolean => held.notBefore === notBefore && held.except === except
  return generation.subjects.get(tag)?.some(isSame) === true
}

/** Returns whether it was not there yet. */
export function put(how: Placing, generation: Generation, table: Table, revocation: Revocation): boolean {
  const { sessions, tokens, burnt } = generation
  if (table === 'sessions' && revocation.kind === 'session') return sessions[how](revocation.session)
  if (table === 'tokens' && revocation.kind === 'token') return tokens[how](revocation.jti)
  if (revocation.kind === 'generation') return burnt[how](revocation.session, revocation.generation)
  if (how === 'see') generation.seen?.add(encodeRevocation(revocation))
  if (holds(generation, table, revocation)) return false
  if (revocation.kind === 'subject') {
    const held = generation.subjects.get(revocation.tag) ?? []
    generation.subjects.set(revocation.tag, [...held, revocation])
  } else generation.others.add(encodeRevocation(revocation))
  return true
}

export function* listed(generation: Generation): Generator<Revocation> {
  for (const encoded of generation.others) yield decodeRevocation(encoded)
  for (const held of generation.subjects.values()) yield* held
  yield* tabled(generation, 'entries')
}

export function* unseenOf(generation: Generation): Generator<Revocation | undefined> {
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

export function sizeOf({ sessions, burnt, tokens, subjects, others }: Generation): number {
  return sessions.size() + burnt.size() + tokens.size() + subjects.size + others.size
}
