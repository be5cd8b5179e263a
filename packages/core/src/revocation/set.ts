import type { Revocation, SubjectTag, TokenIdentity } from '../ports/model.ts'
import { decodeRevocation, encodeRevocation, REVOCATION_RETENTION_MS } from '../ports/revocation.ts'

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
  readonly sessions: Set<string>
  readonly others: Set<string>
  readonly subjects: Map<SubjectTag, SubjectRevocation[]>
}

/**
 * Two generations, each filled for one retention period: when the younger is full the older, all of
 * whose entries have outlived their tokens, is dropped whole.
 */
export function createRevocationSet(): RevocationSet {
  let young = emptyGeneration(0)
  let old = emptyGeneration(0)

  function turn(at: number): void {
    if (at - young.since < REVOCATION_RETENTION_MS) return
    old = young
    young = emptyGeneration(at)
  }

  return {
    add(revocation, at) {
      turn(at)
      if (holds(young, revocation) || holds(old, revocation)) return false
      put(young, revocation)
      return true
    },
    concerns: (token) => concerns(young, token) || concerns(old, token),
    all: () => [...listed(old), ...listed(young)],
  }
}

function emptyGeneration(since: number): Generation {
  return { since, sessions: new Set(), others: new Set(), subjects: new Map() }
}

function holds(generation: Generation, revocation: Revocation): boolean {
  switch (revocation.kind) {
    case 'session':
      return generation.sessions.has(revocation.session)
    case 'subject': {
      const text = encodeRevocation(revocation)
      return generation.subjects.get(revocation.tag)?.some((one) => encodeRevocation(one) === text) === true
    }
    default:
      return generation.others.has(encodeRevocation(revocation))
  }
}

function put(generation: Generation, revocation: Revocation): void {
  switch (revocation.kind) {
    case 'session':
      generation.sessions.add(revocation.session)
      return
    case 'subject':
      generation.subjects.set(revocation.tag, [
        ...(generation.subjects.get(revocation.tag) ?? []),
        revocation,
      ])
      return
    default:
      generation.others.add(encodeRevocation(revocation))
  }
}

function concerns(generation: Generation, token: TokenIdentity): boolean {
  if (generation.sessions.has(token.session)) return true
  if (generation.subjects.size > 0) {
    const whole = generation.subjects.get(token.tag)
    if (whole?.some((one) => token.issuedAt <= one.notBefore && token.session !== one.except) === true)
      return true
  }
  if (generation.others.size === 0) return false
  return generation.others.has(`j:${token.jti}`) || generation.others.has(`k:${token.kid}`)
}

function listed(generation: Generation): Revocation[] {
  return [
    ...[...generation.sessions].map((session): Revocation => ({ kind: 'session', session })),
    ...[...generation.subjects.values()].flat(),
    ...[...generation.others].map(decodeRevocation),
  ]
}
