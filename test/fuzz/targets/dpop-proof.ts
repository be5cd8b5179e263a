import { createProofCheck } from '../../../packages/core/src/access/dpop/proof.ts'
import { canonicalUrl } from '../../../packages/core/src/access/dpop/target-url.ts'
import { createProofReader } from '../../../packages/core/src/tokens/proofs/signed-proof.ts'
import { turnedClock } from '../../support/turned-clock.ts'
import { viewOf } from '../../unit/view.ts'
import { EDDSA, JWT_WORDS, linesOf, publicHalf, SOME_JWS, tokenIn } from '../parts/jws.ts'
import { must } from '../parts/must.ts'
import type { Target } from '../target.ts'

const URL_ASKED = 'https://api.example.com/me'

/** DPoP proofs for a request, by a key of ours. */
export const dpopProof: Target = {
  name: 'dpop-proof',
  words: [
    ...JWT_WORDS,
    '"htm"',
    '"htu"',
    '"ath"',
    'dpop+jwt',
    URL_ASKED,
    'https://',
    '%6d',
    '"kty"',
    '"crv"',
    '"d"',
  ],
  maxBytes: 10_000,
  async open() {
    const clock = turnedClock()
    const jwk = publicHalf(EDDSA)
    const claims = { jti: 'one', htm: 'GET', htu: URL_ASKED, iat: clock.now() / 1000 }
    const check = createProofCheck({
      ...{ readProof: createProofReader(), nonces: undefined, windowMs: 60_000, origins: 'asked', clock },
      once: { mark: async () => ({ kind: 'first' }), look: async () => ({ kind: 'unseen' }) },
      onOtherOrigin: (named) => must(canonicalUrl(named) !== undefined, 'an origin that is no URL is told'),
    })
    return {
      seeds: [
        linesOf({ typ: 'dpop+jwt', alg: 'EdDSA', jwk }, claims),
        linesOf(
          { typ: 'dpop+jwt', alg: 'Ed25519', jwk },
          { ...claims, exp: claims.iat + 60, nbf: claims.iat },
        ),
        ...SOME_JWS,
      ],
      async run(input) {
        const dpop = tokenIn(input, EDDSA)
        const view = viewOf({
          method: 'GET',
          target: '/me',
          secure: true,
          headers: { dpop, host: 'api.example.com' },
        })
        const outcome = await check(view, undefined)
        if (outcome.kind !== 'proved') return
        const { htm, iat } = JSON.parse(Buffer.from(dpop.split('.')[1] ?? '', 'base64url').toString())
        must(htm === 'GET', 'a proof for another method is accepted')
        must(Math.abs(iat * 1000 - clock.now()) <= 60_000, 'a proof of another time is accepted')
      },
    }
  },
}
