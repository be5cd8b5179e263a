import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Passwords } from './passwords.ts'

/** A user of the demo. */
export interface User {
  /** Opaque and stable: the name stands in no token. */
  readonly subject: string
  readonly scope: readonly string[]
  /** One of the many for load tests, whose password check may be cheap. */
  readonly cheap: boolean
}

export type SignInOutcome =
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unavailable' }

export type ChangeOutcome = 'changed' | 'refused' | 'unavailable'

/** The users of the demo, and their passwords. */
export interface Users {
  /** Checks a name and a password; a name that does not exist takes as long as one that does. */
  authenticate(name: string, password: string): Promise<SignInOutcome>
  /** Changes the password of a user who knows the current one. */
  changePassword(subject: string, current: string, next: string): Promise<ChangeOutcome>
}

const DEMO_PASSWORD = 'correct horse battery staple'
const LOAD_USER = /^user(0|[1-9]\d{0,4})$/
const NAMED: Readonly<Record<string, readonly string[]>> = {
  alice: ['profile:read'],
  bob: ['profile:read', 'profile:write'],
  admin: ['profile:read', 'profile:write', 'admin'],
}

const derive = promisify<string, Buffer, number, Buffer>(scrypt)

export async function createUsers(passwords: Passwords): Promise<Users> {
  const initial = await hashPassword(DEMO_PASSWORD)
  const initialDigest = digest(DEMO_PASSWORD)

  /** An unknown user's check is done in full, and fails. */
  async function check(
    user: User | undefined,
    password: string,
    stored: string | undefined,
  ): Promise<boolean> {
    if (user?.cheap === true && stored === undefined) return timingSafeEqual(digest(password), initialDigest)
    return (await verifyPassword(password, stored ?? initial)) && user !== undefined
  }

  return {
    async authenticate(name, password) {
      const user = userNamed(name)
      const read = await passwords.read(user?.subject ?? 'nobody')
      if (read.kind === 'unavailable') return read
      const fits = await check(user, password, read.hash)
      return fits && user !== undefined ? { kind: 'user', user } : { kind: 'refused' }
    },
    async changePassword(subject, current, next) {
      const read = await passwords.read(subject)
      if (read.kind === 'unavailable') return 'unavailable'
      if (!(await verifyPassword(current, read.hash ?? initial))) return 'refused'
      const written = await passwords.replace(subject, read.hash, await hashPassword(next))
      return written === 'replaced' ? 'changed' : written === 'changed' ? 'refused' : 'unavailable'
    },
  }
}

function userNamed(name: string): User | undefined {
  const scope = Object.hasOwn(NAMED, name) ? NAMED[name] : undefined
  if (scope !== undefined) return { subject: subjectOf(name), scope, cheap: false }
  return LOAD_USER.test(name) ? { subject: subjectOf(name), scope: ['profile:read'], cheap: true } : undefined
}

function subjectOf(name: string): string {
  return `usr_${createHash('sha256').update(`sallyport demo user ${name}`).digest('base64url').slice(0, 16)}`
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password.normalize('NFKC'), salt, 32)
  return `${salt.toString('base64url')}.${hash.toString('base64url')}`
}

async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [salt = '', hash = ''] = stored.split('.')
  const presented = await derive(password.normalize('NFKC'), Buffer.from(salt, 'base64url'), 32)
  return timingSafeEqual(presented, Buffer.from(hash, 'base64url'))
}
