import { timingSafeEqual } from 'node:crypto'

export interface Person {
  readonly name: string
  readonly role: 'user' | 'admin'
}

interface Account extends Person {
  readonly password: string
}

/** The users of one server. */
export interface People {
  /**
   * Checks a password. Both servers share the check, since the lab is about what comes before and after it. It compares
   * plain passwords, as no real server may.
   */
  signIn(body: unknown): Person | undefined
  change(name: string, to: Partial<Account>): void
}

export function createPeople(): People {
  const accounts = new Map<string, Account>([
    ['alice', { name: 'alice', password: 'sunshine7', role: 'user' }],
    ['mallory', { name: 'mallory', password: 'all of yours', role: 'user' }],
    ['root', { name: 'root', password: 'long and never guessed', role: 'admin' }],
  ])
  return {
    signIn(body) {
      const { username, password } = (body ?? {}) as Readonly<Record<string, unknown>>
      const account = accounts.get(String(username))
      const [given, wanted] = [Buffer.from(String(password)), Buffer.from(account?.password ?? '')]
      const isRight = given.length === wanted.length && timingSafeEqual(given, wanted)
      return account && isRight ? { name: account.name, role: account.role } : undefined
    },
    change(name, to) {
      const account = accounts.get(name)
      if (account !== undefined) accounts.set(name, { ...account, ...to })
    },
  }
}

/** The page of each server that anybody may read. */
export const ROBOTS = 'User-agent: *\nDisallow: /api/\n'
export const ISSUER = 'https://auth.example.test'
export const AUDIENCE = 'https://api.example.test'
