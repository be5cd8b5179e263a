import { timingSafeEqual } from 'node:crypto'

export interface Person {
  readonly name: string
  readonly password: string
  readonly role: 'user' | 'admin'
}

const PEOPLE: readonly Person[] = [
  { name: 'alice', password: 'sunshine7', role: 'user' },
  { name: 'root', password: 'long and never guessed', role: 'admin' },
]

/**
 * Checks a password. Both servers share the check, since the lab is about what comes before and after it. It compares
 * plain passwords, as no real server may.
 */
export function findPerson(body: unknown): Person | undefined {
  const { username, password } = (body ?? {}) as { readonly username?: unknown; readonly password?: unknown }
  const person = PEOPLE.find(({ name }) => name === username)
  const [given, wanted] = [Buffer.from(String(password)), Buffer.from(person?.password ?? '')]
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? person : undefined
}

/** The page of each server that anybody may read. */
export const ROBOTS = 'User-agent: *\nDisallow: /api/\n'
export const ISSUER = 'https://auth.example.test'
export const AUDIENCE = 'https://api.example.test'
