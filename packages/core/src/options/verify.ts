import * as v from 'valibot'
import type { VerifyOptions, VerifySettings } from '../gate/protect.ts'
import { boolean, filledArray, group, issuer, oneOf, parse } from './schema.ts'

const issuers = v.union(
  [oneOf('own', 'all'), filledArray(issuer, 'an array of issuers')],
  '"own", "all" or an array of issuers',
)

const schema = group({
  issuers: v.optional(issuers),
  optional: v.optional(boolean, false),
  whenUnavailable: v.optional(oneOf('refuse', 'allow'), 'refuse'),
})

/**
 * Parses what a protected route chooses. Throws a `TypeError` where `authMiddleware` itself was passed to the framework.
 *
 * @param fallback whose tokens are accepted where the route does not say
 */
export function parseVerify(given: VerifyOptions = {}, fallback: 'own' | 'all'): VerifySettings {
  const { issuers = fallback, optional, whenUnavailable } = parse(schema, given, { path: 'authMiddleware' })
  return { issuers: typeof issuers === 'string' ? issuers : new Set(issuers), optional, whenUnavailable }
}
