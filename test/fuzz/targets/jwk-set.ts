import { ConfigError } from '@sallyport/core'
import { readMetadata } from '../../../packages/core/src/issuers/discovery.ts'
import { readJwkSet } from '../../../packages/core/src/issuers/jwk-set.ts'
import { readJwk } from '../../../packages/core/src/keys/jwk/jwk.ts'
import { EDDSA, ES256, publicHalf } from '../parts/jws.ts'
import { must } from '../parts/must.ts'
import type { Target } from '../target.ts'

const ISSUER = 'https://auth.example.com'
const RSA = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
}

/** Documents of other issuers: JWK Sets and metadata; and keys of an application. */
export const jwkSet: Target = {
  name: 'jwk-set',
  words: [
    '"kty"',
    '"crv"',
    '"alg"',
    '"use"',
    '"key_ops"',
    '"kid"',
    '"k"',
    '"d"',
    '"oct"',
    'P-384',
    'secp256k1',
  ],
  async open() {
    return {
      seeds: [
        JSON.stringify({
          keys: [{ ...publicHalf(EDDSA), kid: 'a' }, { ...publicHalf(ES256), kid: 'b', use: 'sig' }, RSA],
        }),
        JSON.stringify({
          keys: [
            { ...EDDSA, kid: 'private' },
            { ...publicHalf(EDDSA), kid: 'private' },
          ],
        }),
        JSON.stringify({
          keys: [
            { ...publicHalf(ES256), key_ops: ['verify'] },
            { kty: 'oct', k: 'AAAA' },
          ],
        }),
        JSON.stringify({
          issuer: ISSUER,
          jwks_uri: `${ISSUER}/jwks`,
          introspection_endpoint: `${ISSUER}/ask`,
        }),
        JSON.stringify(EDDSA),
        JSON.stringify(ES256),
      ],
      async run(input) {
        let json: unknown
        try {
          json = JSON.parse(input.toString())
        } catch {
          return
        }
        const read = await readJwkSet(json, ['EdDSA', 'ES256', 'RS256', 'PS256'])
        if (read.kind === 'read')
          for (const { publicKey } of read.keys.values())
            must(publicKey.type === 'public', 'a key is not public')
        for (const sought of ['jwks_uri', 'introspection_endpoint'] as const) {
          const found = readMetadata(json, sought, ISSUER, new URL(ISSUER))
          must(found.kind === 'failed' || found.url.protocol === 'https:', 'a URL is not on https')
        }
        await readJwk(json, 'key').catch((cause: unknown) => {
          if (!(cause instanceof ConfigError)) throw cause
        })
      },
    }
  },
}
