import { stopwatch } from './system.ts'

/** An access token, as a server has just given it. */
export interface Grant {
  /** The token behind its scheme, as `Authorization` has it. */
  readonly credentials: string
  readonly lifetimeMs: number
  /** If it is not in a cookie. */
  readonly refreshToken?: string | undefined
}

/** An access token of this tab. */
export interface Held extends Grant {
  readonly epoch: number
  readonly turn: number
  /** The session, as the token says. `undefined`: only the server can read it. */
  readonly sid: unknown
  isExpired(): boolean
  /** Whether it should be renewed, although it is good. */
  isDue(): boolean
  leftMs(): number
}

/** A token is renewed when this share of its lifetime is left, or so many milliseconds, if that is less. */
const DUE_SHARE = 0.25
const DUE_MS = 60_000

/**
 * @param leftMs how long it still lives, from this moment at the earliest
 * @param sinceMs how long ago that was, in milliseconds
 */
export function hold(grant: Grant & Pick<Held, 'epoch' | 'turn'>, leftMs: number, sinceMs = 0): Held {
  const due = Math.min(grant.lifetimeMs * DUE_SHARE, DUE_MS)
  const passed = stopwatch(sinceMs)
  const left = (): number => leftMs - passed()
  return {
    ...grant,
    sid: sidIn(grant),
    leftMs: left,
    isExpired: () => left() <= 0,
    isDue: () => left() <= due,
  }
}

/** The tokens of an answer; `undefined` if it has none. Rejects if its body did not arrive. */
export async function grantIn(answer: Response): Promise<Grant | undefined> {
  return answer.ok ? grantOf(await membersOf(answer)) : undefined
}

/** The tokens of an answer, by its members (RFC 6749, section 5.1). */
export function grantOf(members: Readonly<Record<string, unknown>>): Grant | undefined {
  const { access_token: token, token_type: type, expires_in: seconds, refresh_token: refreshToken } = members
  if (typeof token !== 'string' || typeof seconds !== 'number' || seconds <= 0) return undefined
  const scheme = type === 'DPoP' ? type : 'Bearer'
  // The times in a token are whole seconds, so it may live for one less than it was given.
  return {
    credentials: `${scheme} ${token}`,
    lifetimeMs: (seconds - 1) * 1000,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
  }
}

/** The session of a token that is a JWT. */
export function sidIn({ credentials }: Grant): unknown {
  const [, payload = ''] = credentials.split('.')
  return membersIn(() => atob(payload.replaceAll('-', '+').replaceAll('_', '/'))).sid
}

/** The token alone. */
export function tokenIn(credentials: string | undefined): string | undefined {
  return credentials?.replace(/^\S+ /, '')
}

/** Whether a refresh was refused for good: by 401, as RFC 6749, section 5.2, has it, or since the key is gone (RFC 9449). */
export async function isOver(answer: Response): Promise<boolean> {
  if (answer.status === 401) return true
  return answer.status === 400 && /^invalid_(grant|dpop_proof)$/.test(`${(await membersOf(answer)).error}`)
}

/** The members of a body in JSON, which is left to be read again. */
export async function membersOf(answer: Response): Promise<Record<string, unknown>> {
  const text = await answer.clone().text()
  return membersIn(() => text)
}

/** The members of an object in JSON. Anything else has none. */
export function membersIn(text: () => string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text())) as Record<string, unknown>
  } catch {
    return {}
  }
}
