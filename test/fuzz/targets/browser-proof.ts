import { readBrowserProof, readRegistration } from '../../../packages/core/src/tokens/proofs/browser-proof.ts'
import { ES256, JWT_WORDS, linesOf, publicHalf, SOME_JWS, tokenIn } from '../parts/jws.ts'
import { must } from '../parts/must.ts'
import type { Target } from '../target.ts'

/** What a browser registers for a device-bound session, and what it proves later. */
export const browserProof: Target = {
  name: 'browser-proof',
  words: [
    ...JWT_WORDS,
    'dbsc+jwt',
    '"kty"',
    '"crv"',
    '"x"',
    '"y"',
    '"d"',
    '"n"',
    '"e"',
    'AQAB',
    'P-256',
    'RSA',
  ],
  maxBytes: 10_000,
  async open() {
    const jwk = publicHalf(ES256)
    return {
      seeds: [
        linesOf({ typ: 'dbsc+jwt', alg: 'ES256', jwk }, { jti: 'challenge' }),
        linesOf({ typ: 'dbsc+jwt', alg: 'ES256' }, { jti: 'challenge', iat: 1 }),
        ...SOME_JWS,
      ],
      async run(input) {
        const proof = tokenIn(input, ES256)
        const registered = await readRegistration(proof, 0)
        if (registered.kind === 'signed') must(!('d' in registered.key.jwk), 'a private key is registered')
        const bound = {
          jkt: 'thumbprint',
          alg: 'ES256',
          jwk: Object.fromEntries(textsIn(jwk)),
          boundAt: 0,
        } as const
        await readBrowserProof(proof, bound)
      },
    }
  },
}

const textsIn = (jwk: object): [string, string][] =>
  Object.entries(jwk).map(([name, value]) => [name, String(value)])
