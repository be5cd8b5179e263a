import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { FoundKey } from '../keys/ring.ts'
import type { Clock } from '../ports/clock.ts'
import { foreignClaims } from '../tokens/claims.ts'
import type { TokenSource } from '../tokens/source.ts'
import type { Introspect, VerifiedToken } from '../tokens/verify.ts'
import { createQuestions, type IntrospectionSettings, type Questions, type TokenAnswer } from './questions.ts'

/** Verifies the opaque tokens of another issuer. */
export interface Introspection extends Pick<Questions, 'start' | 'close'> {
  readonly source: TokenSource
  readonly introspect: Introspect
}

/** What the opaque and the signed tokens of an issuer have in common. */
export type IssuerIdentity = Omit<TokenSource, 'types' | 'rememberedMs' | 'find'>

type InvalidToken = Extract<VerifiedToken, { kind: 'invalid' }>

/** A token that was refused, until when it is refused again without a question. */
interface Refused {
  readonly verdict: InvalidToken
  /** Milliseconds of the monotonic clock. */
  readonly until: number
}

const REFUSED_REMEMBERED = 10_000
const UNKNOWN_KEY: FoundKey = { kind: 'unknown' }

/**
 * Verifies tokens by asking their issuer. Answers are remembered for `cacheSeconds`: those about good tokens where good
 * tokens are remembered, and the others here.
 */
export function createIntrospection(
  identity: IssuerIdentity,
  settings: IntrospectionSettings,
  clock: Clock,
  notice: (message: string) => void,
): Introspection {
  const cacheMs = settings.cacheSeconds * 1000
  const questions = createQuestions(identity.issuer, settings, clock, notice)
  /** By a hash, since the tokens of an attacker may be long. */
  const refused = new LRUCache<string, Refused>({ max: REFUSED_REMEMBERED })
  const source: TokenSource = {
    ...identity,
    types: new Set(),
    rememberedMs: cacheMs,
    find: () => UNKNOWN_KEY,
  }

  async function ask(token: string, id: string, judge: Parameters<Introspect>[1]): Promise<VerifiedToken> {
    const answer = await questions.ask(token)
    if (answer === undefined) return { kind: 'unavailable', of: 'issuer' }
    const verdict = verdictOn(answer, source, judge)
    if (verdict.kind === 'invalid') refused.set(id, { verdict, until: clock.monotonic() + cacheMs })
    return verdict
  }

  return {
    source,
    introspect(token, judge) {
      const id = hash('sha256', token, 'base64url')
      const known = refused.get(id)
      return known !== undefined && clock.monotonic() < known.until ? known.verdict : ask(token, id, judge)
    },
    start: questions.start,
    close: questions.close,
  }
}

function verdictOn(
  answer: TokenAnswer,
  source: TokenSource,
  judge: Parameters<Introspect>[1],
): VerifiedToken {
  if (!answer.active) return { kind: 'invalid', why: 'inactive' }
  if (!isAccessToken(answer)) return { kind: 'invalid', why: 'type' }
  const claims = foreignClaims(claimsIn(answer, source), source.audienceClaim)
  return claims === undefined ? { kind: 'invalid', why: 'claims' } : judge(claims, source)
}

/**
 * Issuers answer about refresh tokens, too. Many name no type. Where one is bound to a key, whether it may pass is judged
 * by its `cnf`.
 */
function isAccessToken({ token_type: type, cnf }: TokenAnswer): boolean {
  if (type === undefined) return true
  return (
    typeof type === 'string' && /^(bearer|dpop)$/i.test(type) && (!/^dpop$/i.test(type) || cnf !== undefined)
  )
}

/** The claims that a signed token of this issuer would have. */
function claimsIn({ active: _active, ...members }: TokenAnswer, { issuer }: TokenSource): object {
  const { client_id, token_use } = members
  return {
    iss: issuer,
    // Where no user takes part, RFC 9068, section 2.2, has the client as the subject.
    ...(client_id === undefined ? {} : { sub: client_id }),
    ...members,
    // So Ory Hydra names what others name `access`.
    ...(token_use === 'access_token' ? { token_use: 'access' } : {}),
  }
}
