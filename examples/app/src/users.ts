import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Passwords } from './passwords.ts'

/** A user of the demo. */
export interface User {
  /** Opaque and stable, because it is in every token. */
  readonly subject: string
  readonly scope: readonly string[]
  /** Whether this is a user for load tests, whose password check may be fast. */
  readonly cheap: boolean
}

export type SignInOutcome =
  | { readonly kind: 'user'; readonly user: User }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unavailable' }

export type ChangeOutcome = 'changed' | 'refused' | 'unavailable'

/** The users of the demo. */
export interface Users {
  /** Checks a name and a password. An unknown name takes as long as a known one. */
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

  /** Checks a password. For an unknown user the check is also done in full, so that its duration reveals nothing. */
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
      const reading = await passwords.read(user?.subject ?? 'nobody')
      if (reading.kind === 'unavailable') return reading
      const isCorrect = await check(user, password, reading.hash)
      return isCorrect && user !== undefined ? { kind: 'user', user } : { kind: 'refused' }
    },
    async changePassword(subject, current, next) {
      const reading = await passwords.read(subject)
      if (reading.kind === 'unavailable') return 'unavailable'
      if (!(await verifyPassword(current, reading.hash ?? initial))) return 'refused'
      const outcome = await passwords.replace(subject, reading.hash, await hashPassword(next))
      switch (outcome) {
        case 'replaced':
          return 'changed'
        case 'changed':
          return 'refused'
        case 'unavailable':
          return outcome
      }
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

function digest(password: string): Buffer {
  return createHash('sha256').update(password).digest()
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
