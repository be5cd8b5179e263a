import * as v from 'valibot'
import { ConfigError, describeValue } from '../errors.ts'
import type { VerifyOptions, VerifySettings } from '../gate/protect.ts'
import { boolean, filledArray, group, oneOf, parse, serverUrl } from './values/schema.ts'

const choice = v.picklist(['own', 'all'], '"own", "all" or an array of issuers')
const several = filledArray(serverUrl, 'an array of issuers')

const schema = group({
  issuers: v.optional(v.lazy((given) => (Array.isArray(given) ? several : choice))),
  apiKeys: v.optional(oneOf('refuse', 'accept'), 'refuse'),
  optional: v.optional(boolean, false),
  whenUnavailable: v.optional(oneOf('refuse', 'allow'), 'refuse'),
})

/** What a deployment trusts. */
interface Trust {
  readonly issuer: string
  readonly issuers: readonly { readonly issuer: string }[]
  readonly verifiesOnly: boolean
  /** `undefined`: there are no API keys. */
  readonly apiKeys: object | undefined
}

/** Parses what a protected route chooses. Throws a `ConfigError` that names the wrong option. */
export function parseVerify(given: VerifyOptions = {}, trust: Trust): VerifySettings {
  const {
    issuers = trust.verifiesOnly ? 'all' : 'own',
    apiKeys,
    optional,
    whenUnavailable,
  } = parse(schema, given, {
    path: 'authMiddleware',
  })
  if (apiKeys === 'accept' && trust.apiKeys === undefined)
    throw new ConfigError('authMiddleware.apiKeys', {
      sentence: '"authMiddleware.apiKeys" needs the option "apiKeys", such as apiKeys: {}',
    })
  const rest = { apiKeys, optional, whenUnavailable }
  if (typeof issuers === 'string') return { issuers, ...rest }
  const trusted = [trust, ...trust.issuers].map(({ issuer }) => issuer)
  const index = issuers.findIndex((issuer) => !trusted.includes(issuer))
  if (index !== -1)
    throw new ConfigError(
      `authMiddleware.issuers.${index}`,
      `an issuer that is trusted here: ${trusted.map((one) => JSON.stringify(one)).join(', ')}`,
      describeValue(issuers[index]),
    )
  return { issuers: new Set(issuers), ...rest }
}
