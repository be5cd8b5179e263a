import { isIP } from 'node:net'
import { hasEmail, hasPhone } from './contacts.ts'
import type { Leak, LeakKind } from './leak.ts'
import { isPlural, kindOfPath } from './names.ts'
import { kindOfNumbers } from './numbers.ts'
import { readingsOf, withoutKnownNumbers } from './readings.ts'
import { kindOfSecret, privateParameters } from './secret-texts.ts'
import { type Member, walk } from './walk.ts'

/** JSON in the text of JSON is read; in that once more, and no further. */
const MAX_NESTING = 2
const SHOWABLE = /^[\p{L}\p{N}_$:/.#@ -]{1,64}$/u

/**
 * What is not for everybody's eyes among the members of claims: by what their names say, and by what
 * their values are. One leak at most for each name and for each value.
 *
 * It knows no names of persons, addresses and dates of birth but by the names of their claims, and no
 * secret that has no form of its own. What is encrypted, compressed or encoded twice it does not read.
 */
export function leaksOf(members: readonly Member[]): readonly Leak[] {
  return members.flatMap(({ path, value }) => {
    const ofName = kindOfText(path.at(-1) ?? '')
    const ofValue = kindOfMember(path, value, MAX_NESTING)
    const kinds = [ofName, ofValue].filter((kind) => kind !== undefined)
    const ofKey = keyParts(value).map((name) => ({
      claim: shownPath([...path, name]),
      kind: 'secret' as const,
    }))
    return [...kinds.map((kind) => ({ claim: shownPath(path), kind })), ...ofKey]
  })
}

/** A path as it may be shown. */
export function shownPath(path: readonly string[]): string {
  const isPlain = (name: string): boolean => SHOWABLE.test(name) && kindOfText(name) === undefined
  return path.map((name) => (isPlain(name) ? name : '*')).join('.')
}

function keyParts(value: Member['value']): readonly string[] {
  return typeof value === 'object' && value !== null ? privateParameters(value) : []
}

function kindOfMember(
  path: readonly string[],
  value: Member['value'],
  nesting: number,
): LeakKind | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'object') return undefined
  const named = kindOfPath(path)
  if (named !== undefined && isTold(named, value, path)) return named
  if (typeof value === 'number') return Number.isInteger(value) ? kindOfNumbers(String(value)) : undefined
  return kindOfText(value) ?? kindOfJson(path, value, nesting)
}

/** Whether a value can be what the name of its claim says: an empty text and a count are not. */
function isTold(kind: LeakKind, value: string | number, path: readonly string[]): boolean {
  if (typeof value === 'string')
    return kind === 'personal_name' ? /\p{L}/u.test(value) : value.trim() !== '' && isIP(value) === 0
  if (kind !== 'secret') return kind !== 'personal_name'
  const own = path.slice(-1)
  return kindOfPath(own) === 'secret' && !isPlural(own.join())
}

function kindOfText(text: string): LeakKind | undefined {
  for (const reading of readingsOf(text)) {
    const kind = kindOfReading(reading)
    if (kind !== undefined) return kind
  }
  return undefined
}

function kindOfReading(text: string): LeakKind | undefined {
  const secret = kindOfSecret(text)
  if (secret !== undefined) return secret
  if (hasEmail(text)) return 'email'
  const plain = withoutKnownNumbers(text)
  return kindOfNumbers(plain) ?? (hasPhone(plain) ? 'phone' : undefined)
}

function kindOfJson(path: readonly string[], text: string, nesting: number): LeakKind | undefined {
  if (nesting === 0) return undefined
  for (const reading of readingsOf(text)) {
    const root = parsed(reading)
    const walked = root === undefined ? undefined : walk(root)
    if (root === undefined || walked?.kind !== 'walked') continue
    if (keyParts(root).length > 0) return 'secret'
    for (const member of walked.members) {
      const below = [...path, ...member.path]
      const kind =
        keyParts(member.value).length > 0 ? 'secret' : kindOfMember(below, member.value, nesting - 1)
      if (kind !== undefined) return kind
    }
  }
  return undefined
}

function parsed(text: string): object | undefined {
  if (!/^ ?[[{"]/.test(text)) return undefined
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? json : typeof json === 'string' ? [json] : undefined
  } catch {
    return undefined
  }
}
