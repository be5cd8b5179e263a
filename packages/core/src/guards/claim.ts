import type { Auth, Claims } from '../seam/auth.ts'
import type { Callbacks } from '../watch/callbacks.ts'
import type { Guard, GuardVerdict } from './guard.ts'
import { type ClaimProof, PROOF } from './proof.ts'

/** The claims that have a type: those of RFC 9068, and those in `Register`. */
type TypedClaim = keyof {
  [Name in keyof Claims as string extends Name ? never : number extends Name ? never : Name]: true
}
/** The name of any claim. Those that have a type are suggested. */
export type ClaimName = (TypedClaim & string) | (string & {})
/** What a claim is, if it is there at all. */
export type ClaimValue<Name extends ClaimName> = Exclude<Claims[Name & keyof Claims], undefined>
type Plain = string | number | boolean

/** Makes a guard for a claim. A missing claim is refused, without asking a function. */
export interface RequireClaim<Made> {
  /** Passes callers whose claim is equal to this (`===`). An array is not: give a function. */
  <Name extends ClaimName, const Value extends ClaimValue<Name> & Plain>(
    name: Name,
    value: Value,
  ): Made & ClaimProof<{ readonly [One in Name]: Value }>
  /** Passes callers whose claim is of this type. */
  <Name extends ClaimName, Proven extends ClaimValue<Name>>(
    name: Name,
    fits: (value: ClaimValue<Name>) => value is Proven,
  ): Made & ClaimProof<{ readonly [One in Name]: Proven }>
  /** Passes callers for whose claim the function returns `true`, and nothing else. If it throws, they are refused. */
  <Name extends ClaimName>(
    name: Name,
    fits: (value: ClaimValue<Name>) => boolean,
  ): Made & ClaimProof<{ readonly [One in Name]: ClaimValue<Name> }>
}

const DENIED: GuardVerdict = { kind: 'refuse', problem: 'access_denied' }
const PASSED: GuardVerdict = { kind: 'pass' }

/** The guard throws a `TypeError` for what is no name, and for a value that no claim can be equal to. */
export function createClaimGuards(callbacks: Callbacks): RequireClaim<Guard> {
  function requireClaim(name: string, given: Plain | ((value: never) => boolean)): Guard & ClaimProof<never> {
    if (typeof name !== 'string' || name === '')
      throw new TypeError('requireClaim: name the claim, such as "tenant"')
    const fits = typeof given === 'function' ? asked(name, given) : equals(given)
    const holds = ({ claims }: Auth): boolean => Object.hasOwn(claims, name) && fits(claims[name])
    const guard: Guard = (auth) => (holds(auth) ? PASSED : DENIED)
    // What holds is what the caller of `requireClaim` has typed.
    return Object.assign(guard, { [PROOF]: holds as ClaimProof<never>[typeof PROOF] })
  }

  function asked(name: string, fits: (value: never) => boolean): (value: unknown) => boolean {
    const ask = callbacks.answering(
      `the function of requireClaim("${name}")`,
      fits as (value: unknown) => boolean,
    )
    return (value) => value !== undefined && ask(value) === true
  }

  return requireClaim as RequireClaim<Guard>
}

function equals(value: unknown): (claim: unknown) => boolean {
  const isPlain = typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
  if (!isPlain)
    throw new TypeError('requireClaim: give the value as a string, a number or a boolean, or give a function')
  return (claim) => claim === value
}
