import { isSessionId } from '../ports/ids.ts'
import type { Revocation, SubjectTag, TokenIdentity } from '../ports/model.ts'
import { decodeRevocation, encodeRevocation, REVOCATION_RETENTION_MS } from '../ports/revocation.ts'
import { createIdTable, type IdTable } from './id-table.ts'

/** The live revocations, held so that asking is cheap and forgetting needs no scan. */
export interface RevocationSet {
  /** Adds a revocation; answers whether it is new. */
  add(revocation: Revocation, at: number): boolean
  /** Whether a token is revoked. */
  concerns(token: TokenIdentity): boolean
  /** All that is held. */
  all(): Revocation[]
}

type SubjectRevocation = Extract<Revocation, { kind: 'subject' }>

interface Generation {
  readonly since: number
  /** Sessions of ours: nearly all that is ever revoked. */
  readonly sessions: IdTable
  /** All else but subjects, as texts. */
  readonly others: Set<string>
  readonly subjects: Map<SubjectTag, SubjectRevocation[]>
}

const GENERATIONS = 3
/** One generation is being filled while the others live out the retention. */
const GENERATION_MS = REVOCATION_RETENTION_MS / (GENERATIONS - 1)

/**
 * Three generations, each filled for half the retention period. When the youngest is full the oldest,
 * all of whose entries have outlived their tokens, is dropped whole.
 */
export function createRevocationSet(): RevocationSet {
  let generations: readonly Generation[] = []

  function youngest(at: number): Generation {
    const [young] = generations
    if (young !== undefined && at - young.since < GENERATION_MS) return young
    const fresh: Generation = { since: at, sessions: createIdTable(), others: new Set(), subjects: new Map() }
    generations = [fresh, ...generations.slice(0, GENERATIONS - 1)]
    return fresh
  }

  return {
    add(revocation, at) {
      const young = youngest(at)
      if (generations.some((generation) => holds(generation, revocation))) return false
      put(young, revocation)
      return true
    },
    concerns(token) {
      for (const generation of generations) if (concerns(generation, token)) return true
      return false
    },
    all: () => generations.flatMap(listed),
  }
}

function holds(generation: Generation, revocation: Revocation): boolean {
  if (revocation.kind === 'session' && isSessionId(revocation.session))
    return generation.sessions.has(revocation.session)
  const text = encodeRevocation(revocation)
  if (revocation.kind !== 'subject') return generation.others.has(text)
  return generation.subjects.get(revocation.tag)?.some((one) => encodeRevocation(one) === text) === true
}

function put(generation: Generation, revocation: Revocation): void {
  if (revocation.kind === 'session' && isSessionId(revocation.session)) {
    generation.sessions.add(revocation.session)
  } else if (revocation.kind === 'subject') {
    const known = generation.subjects.get(revocation.tag) ?? []
    generation.subjects.set(revocation.tag, [...known, revocation])
  } else generation.others.add(encodeRevocation(revocation))
}

function concerns(generation: Generation, token: TokenIdentity): boolean {
  if (isSessionId(token.session) && generation.sessions.has(token.session)) return true
  if (generation.subjects.size > 0) {
    const whole = generation.subjects.get(token.tag)
    if (whole?.some((one) => token.issuedAt <= one.notBefore && token.session !== one.except) === true)
      return true
  }
  if (generation.others.size === 0) return false
  const { others } = generation
  return others.has(`s:${token.session}`) || others.has(`j:${token.jti}`) || others.has(`k:${token.kid}`)
}

function listed(generation: Generation): Revocation[] {
  return [
    ...Array.from(generation.sessions.ids(), (session): Revocation => ({ kind: 'session', session })),
    ...[...generation.subjects.values()].flat(),
    ...[...generation.others].map(decodeRevocation),
  ]
}
