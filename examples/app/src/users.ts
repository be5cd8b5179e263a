import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { canonicalAccount, UnavailableError } from '@sallyport/core'
import type { Passwords } from './passwords.ts'

/** A user of the demo. */
export interface User {
  /** Opaque and stable, because it is in every token. */
  readonly subject: string
  readonly scope: readonly string[]
  /** Whether this is a user for load tests, whose password check may be fast. */
  readonly cheap: boolean
}

/** The users of the demo. */
export interface Users {
  /** The user whom a name means in any spelling, for the lockout. Only the exact one signs in. */
  meant(name: string): User | undefined
  /**
   * Checks a name and a password; `undefined` if one is wrong. An unknown name takes as long as a known one. Rejects with
   * an `UnavailableError` while the store is away.
   */
  authenticate(name: string, password: string): Promise<User | undefined>
  /** Whether this is the user's password. Rejects with an `UnavailableError` while the store is away. */
  isPassword(subject: string, password: string): Promise<boolean>
  /**
   * Changes the password of a user who knows the current one; `false` if it is wrong. Rejects with an `UnavailableError`
   * while the store is away.
   */
  changePassword(subject: string, current: string, next: string): Promise<boolean>
}

/** No name here is longer. */
const MAX_NAME = 64
const MAX_NORMALISED = 256
/** That of every user of a demo, until the user changes it. */
export const DEMO_PASSWORD = 'correct horse battery staple'
const LOAD_USER = /^user(0|[1-9]\d{0,4})$/
/** The users whom a person would sign in as; there are many more for load tests. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  alice: ['profile:read'],
  bob: ['profile:read', 'profile:write'],
  admin: ['profile:read', 'profile:write', 'admin'],
}
export const DEMO_USERS: readonly string[] = Object.keys(NAMED)

const scryptHash = promisify<string, Buffer, number, Buffer>(scrypt)
const HASH_BYTES = 32
/** The thread pool has four threads, on which the audit trail is written, too. */
const MOST_HASHES_AT_ONCE = 2

/** @param password that of every user, until the user changes it */
export async function createUsers(passwords: Passwords, password: string): Promise<Users> {
  const derive = createDerive()
  const initial = await hashPassword(derive, password)
  const initialDigest = digest(password)

  /** Checks a password. For an unknown user the check is also done in full, so that its duration reveals nothing. */
  async function check(
    user: User | undefined,
    password: string,
    stored: string | undefined,
  ): Promise<boolean> {
    if (user?.cheap === true && stored === undefined) return timingSafeEqual(digest(password), initialDigest)
    return (await verifyPassword(derive, password, stored ?? initial)) && user !== undefined
  }

  return {
    meant: (name) => userNamed(name.length > MAX_NAME ? '' : canonicalAccount(name)),
    async authenticate(name, password) {
      const user = userNamed(name)
      const reading = await passwords.read(user?.subject ?? 'nobody')
      if (reading.kind === 'unavailable') throw new UnavailableError()
      return (await check(user, password, reading.hash)) ? user : undefined
    },
    async isPassword(subject, password) {
      const reading = await passwords.read(subject)
      if (reading.kind === 'unavailable') throw new UnavailableError()
      return verifyPassword(derive, password, reading.hash ?? initial)
    },
    async changePassword(subject, current, next) {
      const reading = await passwords.read(subject)
      if (reading.kind === 'unavailable') throw new UnavailableError()
      if (!(await verifyPassword(derive, current, reading.hash ?? initial))) return false
      const outcome = await passwords.replace(subject, reading.hash, await hashPassword(derive, next))
      if (outcome === 'unavailable') throw new UnavailableError()
      return outcome === 'replaced'
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

/** Spelled in one way, unless that could take long: its cost grows with the square of the marks on one letter. */
function formOf(password: string): string {
  return password.length > MAX_NORMALISED ? password : password.normalize('NFKC')
}

type Derive = (password: string, salt: Buffer) => Promise<Buffer>

/** Hashes so many passwords at once; others wait. */
function createDerive(): Derive {
  const waiting: (() => void)[] = []
  let underWay = 0
  return async (password, salt) => {
    if (underWay >= MOST_HASHES_AT_ONCE) await new Promise<void>((begin) => waiting.push(begin))
    else underWay++
    try {
      return await scryptHash(formOf(password), salt, HASH_BYTES)
    } finally {
      const next = waiting.shift()
      if (next === undefined) underWay--
      else next()
    }
  }
}

async function hashPassword(derive: Derive, password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt)
  return `${salt.toString('base64url')}.${hash.toString('base64url')}`
}

async function verifyPassword(derive: Derive, password: string, stored: string): Promise<boolean> {
  const [salt = '', hash = ''] = stored.split('.')
  const presented = await derive(password, Buffer.from(salt, 'base64url'))
  return timingSafeEqual(presented, Buffer.from(hash, 'base64url'))
}
