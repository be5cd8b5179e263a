import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs'
import { PolicyEngineError } from '../error.ts'

const FRACTION_DIGITS = 4
/** Beyond that, a number of JavaScript has no four digits behind the point. */
const MAX_DECIMAL = 100_000_000_000

/** Members that Cedar has values for. One that is `null` or `undefined` is left out: Cedar has neither. */
export function cedarRecord(members: object): Record<string, CedarValueJson> {
  const record: Record<string, CedarValueJson> = {}
  for (const [name, value] of Object.entries(members)) {
    // Cedar takes `{ "__entity": … }` for an entity, whoever wrote it into a claim.
    if (name.startsWith('__')) throw unfit(`a member whose name begins with "__"`)
    if (value !== null && value !== undefined) record[name] = cedarValue(value)
  }
  return record
}

function cedarValue(value: unknown): CedarValueJson {
  if (typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return numberOf(value)
  if (Array.isArray(value)) return value.map(cedarValue)
  if (isPlain(value)) return cedarRecord(value)
  throw unfit('a value that is no plain JSON')
}

/** A whole number is a `Long`, any other a `decimal`. */
function numberOf(value: number): CedarValueJson {
  if (Number.isSafeInteger(value)) return value
  const written = value.toFixed(FRACTION_DIGITS)
  if (Math.abs(value) > MAX_DECIMAL || Number(written) !== value)
    throw unfit('a number that is neither whole nor has at most four decimal digits')
  return { __extn: { fn: 'decimal', arg: written } }
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const unfit = (what: string): PolicyEngineError => new PolicyEngineError('Cedar', `does not take ${what}`)
