import { createSallyport, memoryStore } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { textIn } from '../../support/text-in.ts'
import { turnedClock } from '../../support/turned-clock.ts'
import { viewOf } from '../../unit/view.ts'
import { EDDSA, inputOf, JWT_WORDS, SOME_JWS, tokenIn } from '../parts/jws.ts'
import { must, tellsOf } from '../parts/must.ts'
import type { Target } from '../target.ts'

const ISSUER = 'https://auth.example.com'
const AUDIENCE = 'https://api.example.com'

/** Access tokens through the whole verification, also under our own key. */
export const accessToken: Target = {
  name: 'access-token',
  words: [...JWT_WORDS, '"client_id"', '"sid"', '"gen"', '"scope"', '"auth_time"', '"acr"', '"amr"', ISSUER],
  maxBytes: 10_000,
  async open() {
    const clock = turnedClock()
    const sallyport = await createSallyport({
      ...{ issuer: ISSUER, audience: AUDIENCE, store: memoryStore(), clock },
      secret: 'a secret of the test, with its 32 bytes',
      access: { keys: [{ ...EDDSA, kid: 'ours', alg: 'EdDSA' }] },
    })
    const gate = gateOf(sallyport)
    const verify = gate.verifier({ issuers: 'all' })
    const signedIn = await gate.signIn(viewOf({}), { subject: 'alice', scope: ['read'], amr: ['pwd'] })
    const { access_token: token } = JSON.parse(textIn(signedIn.body))

    return {
      seeds: [inputOf(token), token, ...SOME_JWS, 'spk_', `spa_${'A'.repeat(80)}`],
      async run(input) {
        const sent = tokenIn(input, EDDSA)
        const verdict = await sallyport.tokens.verify(sent)
        if (verdict.kind === 'valid') {
          const { iss, sub, exp } = JSON.parse(Buffer.from(sent.split('.')[1] ?? '', 'base64url').toString())
          must(iss === ISSUER && sub === verdict.auth.subject, 'a token of somebody else is accepted')
          must(exp * 1000 > clock.now() - 10_000, 'a token that is over is accepted')
        }
        const decision = await verify(viewOf({ method: 'GET', headers: { authorization: `Bearer ${sent}` } }))
        if (decision.kind !== 'refuse') return
        const { status, body, headers } = decision.answer
        must(status >= 400 && status < 500, `a token is answered ${status}`)
        must(!tellsOf(textIn(body) + JSON.stringify(headers), sent), 'a refusal shows the token')
      },
      close: () => sallyport.close(),
    }
  },
}
