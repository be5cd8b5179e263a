import { types } from 'node:util'

/** No claim needs more levels, and the limit ends the walk through a cycle. */
const MAX_DEPTH = 8
const MAX_MEMBERS = 1000

type Scalar = string | number | boolean | null

/** A member of the claims at any depth. An item of an array is a member, too. */
export interface Member {
  /** The names that lead to it. The name of an item of an array is its index. */
  readonly path: readonly string[]
  readonly value: Scalar | object
}

export type Walk =
  | { readonly kind: 'walked'; readonly members: readonly Member[]; readonly chars: number }
  | { readonly kind: 'not_json'; readonly path: readonly string[] }

/**
 * Lists all members of a JSON object or array, each before its own members, and counts the characters of their names
 * and strings.
 *
 * The result is `not_json` for what JSON cannot represent, for what may change when it is written (a getter, a
 * `toJSON`, a proxy, an object of a class), for more than 8 levels, and for more than 1000 members. A member of an
 * object that is `undefined` is left out, because `JSON.stringify` leaves it out.
 */
export function walk(root: object): Walk {
  const members: Member[] = []
  let chars = 0
  const visit = (value: unknown, path: readonly string[]): readonly string[] | undefined => {
    if (path.length > MAX_DEPTH || members.length > MAX_MEMBERS) return path
    if (typeof value === 'string') chars += value.length
    if (path.length > 0) members.push({ path, value: value as Member['value'] })
    if (isScalar(value)) return undefined
    const names = namesOf(value)
    if (names === undefined || members.length + names.length > MAX_MEMBERS) return path
    for (const name of names) {
      const member = Object.getOwnPropertyDescriptor(value, name)
      const below = [...path, name]
      if (member === undefined || member.get !== undefined || member.set !== undefined) return below
      if (member.value === undefined && !Array.isArray(value)) continue
      chars += name.length
      const faultyPath = visit(member.value, below)
      if (faultyPath !== undefined) return faultyPath
    }
    return undefined
  }
  const faultyPath = visit(root, [])
  return faultyPath === undefined
    ? { kind: 'walked', members, chars }
    : { kind: 'not_json', path: faultyPath }
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'boolean'].includes(typeof value) || value === null || Number.isFinite(value)
}

/** The names of the members; `undefined` for what is not an object or array of JSON. */
function namesOf(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined
  if (Object.hasOwn(value, 'toJSON')) return undefined
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value))
    return prototype === Object.prototype || prototype === null ? Object.keys(value) : undefined
  if (prototype !== Array.prototype || value.length > MAX_MEMBERS) return undefined
  return Array.from(value, (_item, index) => String(index))
}
