import type { Clock, Random } from '../../ports/clock.ts'
import { SESSION_ID_BYTES, type SessionId } from '../../ports/ids.ts'
import { createOpaqueTokens, MAC_BYTES, type OpaqueKeys } from '../../tokens/opaque.ts'

/** What a browser signs with its key, and what it shows from then on. Nobody has to remember any of it. */
export interface BoundKeyTokens {
  /** What a browser must sign to register a key for a session, or to prove that it has it. No two are the same. */
  challenge(purpose: Purpose, session: SessionId): string
  /** For how long a challenge is good yet, in milliseconds; `undefined` unless it was made for this, and is good. */
  challengeLeft(purpose: Purpose, session: SessionId, challenge: string): number | undefined
  /** The value of the cookie that shows that the browser had this key a while ago. */
  cookie(session: SessionId, jkt: string): string
  /** The thumbprint that a cookie shows; `undefined` unless it was made for this session, and is good. */
  shownBy(session: SessionId, cookie: string): string | undefined
}

export type Purpose = 'register' | 'prove'

export interface BoundKeyTokensParts {
  /** The current ones first; what was made with the others is still accepted. */
  readonly keys: readonly [OpaqueKeys, ...OpaqueKeys[]]
  readonly cookieSeconds: number
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
}

/** A browser makes the key after the answer to the sign-in, which may take a TPM a while. */
const CHALLENGE_MS: Readonly<Record<Purpose, number>> = { register: 300_000, prove: 60_000 }
/** A request that the browser sends while its cookie is good may arrive later. */
const COOKIE_LEEWAY_MS = 60_000

/** The first byte says what it is for. */
const VERSIONS: Readonly<Record<Purpose | 'cookie', number>> = { register: 1, prove: 2, cookie: 3 }
const UNTIL_AT = 1 + SESSION_ID_BYTES
const REST_AT = UNTIL_AT + 6
const UNIQUE_BYTES = 8
const JKT_BYTES = 32

export function createBoundKeyTokens({
  keys,
  cookieSeconds,
  clock,
  random,
}: BoundKeyTokensParts): BoundKeyTokens {
  const challenges = createOpaqueTokens({ prefix: 'spc_', size: REST_AT + UNIQUE_BYTES + MAC_BYTES }, keys)
  const cookies = createOpaqueTokens({ prefix: 'spb_', size: REST_AT + JKT_BYTES + MAC_BYTES }, keys)
  const cookieMs = cookieSeconds * 1000 + COOKIE_LEEWAY_MS

  function write(purpose: keyof typeof VERSIONS, session: SessionId, ms: number, rest: Uint8Array): Buffer {
    const bytes = Buffer.alloc(REST_AT + rest.length + MAC_BYTES)
    bytes[0] = VERSIONS[purpose]
    bytes.write(session, 1, 'base64url')
    bytes.writeUIntBE(clock.now() + ms, UNTIL_AT, 6)
    bytes.set(rest, REST_AT)
    return bytes
  }

  function leftOf(
    purpose: keyof typeof VERSIONS,
    session: SessionId,
    bytes: Buffer | undefined,
  ): number | undefined {
    if (bytes?.[0] !== VERSIONS[purpose]) return undefined
    if (bytes.toString('base64url', 1, UNTIL_AT) !== session) return undefined
    const left = bytes.readUIntBE(UNTIL_AT, 6) - clock.now()
    return left > 0 ? left : undefined
  }

  return {
    challenge: (purpose, session) =>
      challenges.seal(write(purpose, session, CHALLENGE_MS[purpose], random(UNIQUE_BYTES))),
    challengeLeft: (purpose, session, challenge) => leftOf(purpose, session, challenges.unseal(challenge)),
    cookie: (session, jkt) => cookies.seal(write('cookie', session, cookieMs, Buffer.from(jkt, 'base64url'))),
    shownBy(session, cookie) {
      const bytes = cookies.unseal(cookie)
      if (bytes === undefined || leftOf('cookie', session, bytes) === undefined) return undefined
      return bytes.toString('base64url', REST_AT, REST_AT + JKT_BYTES)
    },
  }
}
