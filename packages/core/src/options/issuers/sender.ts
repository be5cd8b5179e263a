import * as v from 'valibot'
import { ConfigError } from '../../errors.ts'
import { plainUrl } from '../../issuers/secure-url.ts'
import type { SenderOptions, StatementSender } from '../../issuers/senders.ts'
import type { SigningAlgorithm } from '../../ports/signer.ts'
import {
  audience,
  filledArray,
  group,
  nonEmpty,
  parse,
  serverUrl,
  signingAlgorithm,
  wholeNumber,
} from '../values/schema.ts'
import { algorithmsMessage, DAY, parseSigned } from './signed.ts'

const jwksMessage = 'an https URL (http on loopback), or a JWK Set'
const ALGORITHMS: readonly SigningAlgorithm[] = ['EdDSA', 'ES256', 'RS256', 'PS256']

const schema = group({
  issuer: serverUrl,
  audience,
  jwks: v.optional(
    v.union(
      [
        v.pipe(
          v.string(),
          v.check((given) => plainUrl(given) !== undefined, jwksMessage),
        ),
        v.looseObject({ keys: v.array(v.looseObject({})) }),
      ],
      jwksMessage,
    ),
  ),
  discovery: v.optional(v.literal(true, 'true or left out')),
  algorithms: v.optional(filledArray(signingAlgorithm, algorithmsMessage)),
  timeoutMs: v.optional(wholeNumber(100, 30_000)),
  cooldownSeconds: v.optional(wholeNumber(1, 3600)),
  maxAgeSeconds: v.optional(wholeNumber(1, DAY)),
  maxStaleSeconds: v.optional(wholeNumber(1, 7 * DAY)),
})

/** Parses the options of a sender. Throws a `ConfigError` that names the wrong one below `path`. */
export function parseSender(given: SenderOptions, path: string): StatementSender {
  const { jwks, audience, algorithms = ALGORITHMS, ...parsed } = parse(schema, given, { path })
  const about = { path, issuer: parsed.issuer, audience: nonEmpty(audience), algorithms }
  if (typeof jwks === 'object') {
    if (parsed.discovery)
      throw new ConfigError(`${path}.discovery`, {
        sentence: `give either "${path}.jwks" or "${path}.discovery"`,
      })
    // No key is ever fetched.
    const never = { timeoutMs: 0, cooldownSeconds: 0, maxAgeSeconds: 0, maxStaleSeconds: 0 }
    return Object.freeze({ ...never, ...about, keys: { kind: 'given', jwks } as const })
  }
  const { keys, ...signed } = parseSigned({ ...parsed, jwks, algorithms }, path)
  if (keys === undefined) throw new RangeError('without keys, parseSigned throws for a sender')
  return Object.freeze({ ...signed, ...about, keys })
}
