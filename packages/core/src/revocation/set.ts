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

/** Live revocations, held so that a look-up is cheap and forgetting needs no scan. */
export interface RevocationSet {
  /** Returns whether the revocation is new. */
  add(revocation: Revocation, at: number): boolean
  concerns(token: TokenIdentity): boolean
  all(): Revocation[]
}

interface Generation {
  readonly since: number
  /** Sessions of this deployment: nearly all that is ever revoked. */
  readonly sessions: IdTable
  /** All else but subjects, encoded. */
  readonly others: Set<string>
  readonly subjects: Map<SubjectTag, SubjectRevocation[]>
}

const GENERATIONS = 3
/** One generation is filled while the others live out the retention period. */
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
  const encoded = encodeRevocation(revocation)
  if (revocation.kind !== 'subject') return generation.others.has(encoded)
  return generation.subjects.get(revocation.tag)?.some((one) => encodeRevocation(one) === encoded) === true
}

function put(generation: Generation, revocation: Revocation): void {
  if (revocation.kind === 'session' && isSessionId(revocation.session)) {
    generation.sessions.add(revocation.session)
  } else if (revocation.kind === 'subject') {
    const known = generation.subjects.get(revocation.tag) ?? []
    generation.subjects.set(revocation.tag, [...known, revocation])
  } else generation.others.add(encodeRevocation(revocation))
}

function concerns({ sessions, subjects, others }: Generation, token: TokenIdentity): boolean {
  const { session } = token
  if (session !== undefined && isSessionId(session) && sessions.has(session)) return true
  // The tag is computed when it is asked for, which is needed only where a whole subject was revoked.
  if (subjects.size > 0 && subjects.get(token.tag)?.some((one) => concernsToken(one, token)) === true)
    return true
  if (others.size === 0) return false
  return (
    (session !== undefined && others.has(`s:${session}`)) ||
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
