import { isIP } from 'node:net'
import { hasEmail, hasPhone } from './contacts.ts'
import type { Leak, LeakKind } from './leak.ts'
import { isPlural, kindOfPath } from './names.ts'
import { kindOfNumbers } from './numbers.ts'
import { readingsOf, withoutKnownNumbers } from './readings.ts'
import { kindOfSecret, privateParameters } from './secret-strings.ts'
import { type Member, walk } from './walk.ts'

/** JSON in a string is read, and so is JSON in a string of that JSON, but nothing deeper. */
const MAX_NESTING = 2
/** Names that may appear in an error message. */
const SHOWABLE = /^[\p{L}\p{N}_$:/.#@ -]{1,64}$/u

/**
 * Finds what must not be public among the members of claims, by their names and by their values.
 *
 * Each name and each value gives one leak at most, except that each private parameter of a JWK gives its own.
 */
export function leaksOf(members: readonly Member[]): readonly Leak[] {
  return members.flatMap(({ path, value }) => {
    const ofName = kindOfString(path.at(-1) ?? '')
    const ofValue = kindOfMember(path, value, MAX_NESTING)
    const kinds = [ofName, ofValue].filter((kind) => kind !== undefined)
    const ofKey = privateParametersOf(value).map((name) => ({
      claim: shownPath([...path, name]),
      kind: 'secret' as const,
    }))
    return [...kinds.map((kind) => ({ claim: shownPath(path), kind })), ...ofKey]
  })
}

/** The path of a claim for an error message. A `*` replaces each name that may be a leak itself or is unusual. */
export function shownPath(path: readonly string[]): string {
  const isPlain = (name: string): boolean => SHOWABLE.test(name) && kindOfString(name) === undefined
  return path.map((name) => (isPlain(name) ? name : '*')).join('.')
}

function privateParametersOf(value: Member['value']): readonly string[] {
  return typeof value === 'object' && value !== null ? privateParameters(value) : []
}

function kindOfMember(
  path: readonly string[],
  value: Member['value'],
  nesting: number,
): LeakKind | undefined {
  if (value === null || typeof value === 'boolean' || typeof value === 'object') return undefined
  const named = kindOfPath(path)
  if (named !== undefined && isPlausible(named, value, path)) return named
  if (typeof value === 'number') return Number.isInteger(value) ? kindOfNumbers(String(value)) : undefined
  return kindOfString(value) ?? kindOfJson(path, value, nesting)
}

/** Whether a value can be what the name of its claim says. An empty string and a count of secrets cannot. */
function isPlausible(kind: LeakKind, value: string | number, path: readonly string[]): boolean {
  if (typeof value === 'string')
    return kind === 'personal_name' ? /\p{L}/u.test(value) : value.trim() !== '' && isIP(value) === 0
  if (kind !== 'secret') return kind !== 'personal_name'
  const ownName = path.slice(-1)
  return kindOfPath(ownName) === 'secret' && !isPlural(ownName.join())
}

function kindOfString(text: string): LeakKind | undefined {
  for (const reading of readingsOf(text)) {
    const kind = kindOfDecoded(reading)
    if (kind !== undefined) return kind
  }
  return undefined
}

function kindOfDecoded(text: string): LeakKind | undefined {
  const secret = kindOfSecret(text)
  if (secret !== undefined) return secret
  if (hasEmail(text)) return 'email'
  const remaining = withoutKnownNumbers(text)
  return kindOfNumbers(remaining) ?? (hasPhone(remaining) ? 'phone' : undefined)
}

function kindOfJson(path: readonly string[], text: string, nesting: number): LeakKind | undefined {
  if (nesting === 0) return undefined
  for (const reading of readingsOf(text)) {
    const root = parsed(reading)
    const walked = root === undefined ? undefined : walk(root)
    if (root === undefined || walked?.kind !== 'walked') continue
    if (privateParametersOf(root).length > 0) return 'secret'
    for (const member of walked.members) {
      const below = [...path, ...member.path]
      const kind =
        privateParametersOf(member.value).length > 0
          ? 'secret'
          : kindOfMember(below, member.value, nesting - 1)
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
