import * as v from 'valibot'
import { ConfigError, describeValue } from '../errors.ts'
import type { ClaimsOf, CustomClaimsSettings } from '../tokens/custom/custom-claims.ts'
import type { ClaimRecipient } from '../tokens/custom/sealed-claim.ts'
import type { SubjectSettings } from '../tokens/custom/subject.ts'
import {
  callable,
  distinctArray,
  type Entries,
  group,
  oneAudience,
  oneOf,
  type Room,
  record,
  room,
  wholeNumber,
} from './values/schema.ts'

/** Claims of the application. */
export interface WithClaims {
  /** Claims of the application, and what its tokens may say. Default: no claims besides those that the library writes. */
  readonly claims?: ClaimsOptions | undefined
}

/**
 * Custom claims in access tokens. They are signed, not encrypted, so whoever sees a token can read them. A claim that
 * looks like personal data or a secret is therefore refused with a `ClaimsError` that names the claim.
 *
 * They need the package `@sallyport/claims-policy`, which is installed separately.
 *
 * If that package is installed, the `subject` of a sign-in is judged too, whether or not `claims` is given: one that
 * looks like an e-mail address, or like a phone, card or account number as people write it, is refused with a
 * `ClaimsError` in production, and gives a process warning elsewhere.
 */
export interface ClaimsOptions {
  /**
   * Returns the claims for one token. Called at sign-in and at each refresh; for reference tokens, it is called when a
   * process verifies one for the first time. Required, unless `exempt` has `sub`: the tokens then have no claims of the
   * application.
   */
  readonly of?: ClaimsOf | undefined
  /** The allowed names. Default: all names except those of claims that the library writes. */
  readonly allow?: readonly string[] | undefined
  /**
   * Claims, by name or path, whose content is not searched for leaks, such as ids that look like card numbers. `sub`
   * stands for the `subject` of sign-ins. Default: none.
   */
  readonly exempt?: readonly string[] | undefined
  /**
   * The most bytes that the claims may have as JSON. Sealed claims count in their encrypted form. Default 1024; 1 to
   * 4096.
   */
  readonly maxBytes?: number | undefined
  /**
   * Claims that only one audience can read, by name. Each is encrypted with A256GCM for the audience's key
   * (ECDH-ES+A256KW or RSA-OAEP-256), and the audience decrypts it with `openClaim`. Default: none.
   */
  readonly sealed?: Readonly<Record<string, ClaimRecipient>> | undefined
  /**
   * What to do with claims that look like leaks. `warn` lets them through with a process warning, and is not allowed in
   * production. Default `refuse`.
   */
  readonly leaks?: 'refuse' | 'warn' | undefined
}

const nameMessage = 'the name of a claim'
const names = distinctArray(v.pipe(v.string(nameMessage), v.minLength(1, nameMessage)), 'an array of names')

export interface ClaimsSettings {
  readonly customClaims: CustomClaimsSettings | undefined
  readonly subjects: SubjectSettings['subjects']
}

const entries = {
  claims: v.optional(
    group({
      of: v.optional(callable<ClaimsOf>('a function')),
      allow: v.optional(names),
      exempt: v.optional(names, []),
      maxBytes: v.optional(wholeNumber(1, 4096), 1024),
      sealed: v.optional(
        record(
          group({ audience: oneAudience, key: v.looseObject({}, 'a JWK (RFC 7517)') }),
          'an object of recipients',
        ),
        {},
      ),
      leaks: v.optional(oneOf('refuse', 'warn'), 'refuse'),
    }),
  ),
} satisfies Entries<WithClaims>

type Parsed = NonNullable<v.InferOutput<v.ObjectSchema<typeof entries, undefined>>['claims']>

/** A recipient's key may be a private one by mistake. */
const mayShow = (path: string): boolean => !path.startsWith('claims.sealed')

export const claimsRoom: Room<ClaimsSettings> = room(
  entries,
  ({ claims }, production) => {
    if (claims === undefined) return { customClaims: undefined, subjects: 'judge' }
    if (production && claims.leaks === 'warn')
      throw new ConfigError('claims.leaks', '"refuse" in production', describeValue(claims.leaks))
    refuseContradictions(claims)
    const subjects = claims.exempt.includes('sub') ? 'exempt' : 'judge'
    const { of } = claims
    if (of !== undefined) return { customClaims: { allow: undefined, ...claims, of }, subjects }
    if (subjects === 'judge')
      throw new ConfigError('claims.of', { sentence: '"claims.of" is required: give a function' })
    return { customClaims: undefined, subjects }
  },
  { mayShow },
)

/** Names that never come to anything, because no claim of that name gets into a token, or it is no longer readable there. */
function refuseContradictions({ allow, exempt, sealed }: Parsed): void {
  const sealedNames = Object.keys(sealed)
  for (const name of sealedNames)
    if (allow !== undefined && !allow.includes(name))
      throw new ConfigError(`claims.sealed.${name}`, { sentence: notAllowed(`claims.sealed.${name}`, name) })
  for (const [index, path] of exempt.entries()) {
    const option = `claims.exempt.${index}`
    const isIn = (name: string): boolean => path === name || path.startsWith(`${name}.`)
    if (path === 'sub') continue
    if (allow !== undefined && !allow.some(isIn))
      throw new ConfigError(option, { sentence: notAllowed(option, path) })
    if (sealedNames.some(isIn))
      throw new ConfigError(option, {
        sentence: `"${option}" is in "claims.sealed", and a sealed claim is not searched for leaks: remove it here`,
      })
  }
}

const notAllowed = (option: string, name: string): string =>
  `"${option}" is not in "claims.allow": add ${JSON.stringify(name)} there, or remove it here`
