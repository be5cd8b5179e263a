import { isSessionId, type SubjectTag } from '../ports/ids.ts'
import {
  concernsToken,
  decodeRevocation,
  encodeRevocation,
  REVOCATION_RETENTION_MS,
  type Revocation,
  type SubjectRevocation,
  type TokenIdentity,
} from '../ports/revocations.ts'
import { createIdTable, type IdTable } from './id-table.ts'

/** The live revocations. Lookups are fast, and old revocations are dropped without a scan. */
export interface RevocationSet {
  /** Adds a revocation, and returns whether it is new. */
  add(revocation: Revocation, at: number): boolean
  /** Whether any of the revocations concerns the token. */
  concerns(token: TokenIdentity): boolean
  all(): Revocation[]
}

interface Generation {
  /** When the first revocation was added. Milliseconds since the epoch. */
  readonly since: number
  /** Sessions of this deployment, which are nearly all that is ever revoked. */
  readonly sessions: IdTable
  /** All other revocations except those of subjects, encoded. */
  readonly others: Set<string>
  readonly subjects: Map<SubjectTag, SubjectRevocation[]>
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
  const encoded = encodeRevocation(revocation)
  if (revocation.kind !== 'subject') return generation.others.has(encoded)
  return generation.subjects.get(revocation.tag)?.some((held) => encodeRevocation(held) === encoded) === true
}

function put(generation: Generation, revocation: Revocation): void {
  if (revocation.kind === 'session' && isSessionId(revocation.session)) {
    generation.sessions.add(revocation.session)
  } else if (revocation.kind === 'subject') {
    const held = generation.subjects.get(revocation.tag) ?? []
    generation.subjects.set(revocation.tag, [...held, revocation])
  } else generation.others.add(encodeRevocation(revocation))
}

function concerns({ sessions, subjects, others }: Generation, token: TokenIdentity): boolean {
  const { session } = token
  if (session !== undefined && isSessionId(session) && sessions.has(session)) return true
  // Reading the tag computes it, so it is read only if a whole subject was revoked.
  if (subjects.size > 0 && subjects.get(token.tag)?.some((held) => concernsToken(held, token)) === true)
    return true
  if (others.size === 0) return false
  return (
    (session !== undefined &&
      (others.has(`s:${session}`) || others.has(`g:${session}:${token.generation}`))) ||
    (token.jti !== undefined && others.has(`j:${token.jti}`)) ||
    (token.kid !== undefined && others.has(`k:${token.kid}`))
  )
}

function listed(generation: Generation): Revocation[] {
  return [
    ...Array.from(generation.sessions.ids(), (session): Revocation => ({ kind: 'session', session })),
    ...[...generation.subjects.values()].flat(),
    ...[...generation.others].map(decodeRevocation),
  ]
}
