import type { Choices } from '../choices.ts'
import { exportedFunction, importsOf, typed } from './imports.ts'

/** The place of the application's own users, with one that is there to try it out. */
export function usersModule(choices: Choices): string {
  const { language, modules } = choices
  const imports = importsOf(choices, [{ from: 'node:crypto', names: ['createHash', 'timingSafeEqual'] }])
  const user = typed(
    choices,
    `export interface User {
  /** Opaque and stable, and not personal: it is in every token. */
  id: string
  scope: string[]
}

`,
  )
  const credentials = exportedFunction(
    choices,
    `function readCredentials(body${typed(choices, ': unknown')})${typed(choices, ': { username: string; password: string }')} {`,
  )
  const find = exportedFunction(
    choices,
    `async function findUser(username${typed(choices, ': string')}, password${typed(choices, ': string')})${typed(choices, ': Promise<User | undefined>')} {`,
  )
  const exported =
    language === 'js' && modules === 'cjs' ? '\nmodule.exports = { readCredentials, findUser }\n' : ''
  return `${imports}
${user}/** Whatever a client sends: a body may be anything. */
${credentials}
  const { username, password } = Object(body)
  return { username: textOf(username), password: textOf(password) }
}

function textOf(value${typed(choices, ': unknown')})${typed(choices, ': string')} {
  return typeof value === 'string' ? value : ''
}

/**
 * YOURS: finds a user by name and password, and nobody for an unknown name or a wrong password. Look the user up in your
 * database, and compare with a slow hash such as scrypt or Argon2id. This one user is here to try it out.
 */
${find}
  const expected = process.env.DEMO_PASSWORD
  if (!expected || !isSame(password, expected) || username !== 'demo') return undefined
  return { id: 'user-1', scope: ['profile:read'] }
}

function isSame(one${typed(choices, ': string')}, other${typed(choices, ': string')})${typed(choices, ': boolean')} {
  const digest = (text${typed(choices, ': string')}) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
${exported}`
}
