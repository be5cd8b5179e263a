import { createSallyport, memoryStore } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { textIn } from '../../support/text-in.ts'
import { turnedClock } from '../../support/turned-clock.ts'
import { viewOf } from '../../unit/view.ts'
import { EDDSA, JWT_WORDS, linesOf, publicHalf, SOME_JWS, tokenIn } from '../parts/jws.ts'
import { must, tellsOf } from '../parts/must.ts'
import type { Target } from '../target.ts'

const ISSUER = 'https://login.example.com'
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Logout tokens of an OpenID provider. */
export const logoutToken: Target = {
  name: 'logout-token',
  words: [...JWT_WORDS, 'logout+jwt', EVENT, '"sid"'],
  maxBytes: 8000,
  async open() {
    const clock = turnedClock()
    const iat = clock.now() / 1000
    const jwks = { keys: [{ ...publicHalf(EDDSA), kid: 'one', alg: 'EdDSA' }] }
    const sallyport = await createSallyport({
      ...{ store: memoryStore(), clock, secret: 'a secret of the test, with its 32 bytes' },
      backchannelLogout: { issuers: [{ issuer: ISSUER, audience: 'us', jwks, sessions: 'same' }] },
    })
    const [route] = gateOf(sallyport).routes(['backchannel-logout'])
    if (route === undefined) throw new TypeError('there is no route')
    const claims = { iss: ISSUER, aud: 'us', iat, exp: iat + 60, jti: 'one', events: { [EVENT]: {} } }
    const header = { alg: 'EdDSA', typ: 'logout+jwt', kid: 'one' }
    return {
      seeds: [
        linesOf(header, { ...claims, sub: 'alice' }),
        linesOf(header, { ...claims, sid: 'session', aud: ['us', 'them'] }),
        linesOf({ alg: 'Ed25519', kid: 'one' }, { ...claims, sub: 'alice', sid: 'session' }),
        ...SOME_JWS,
      ],
      async run(input) {
        const logout_token = tokenIn(input, EDDSA)
        const { status, body } = await route.handle(
          viewOf({ body: { kind: 'parsed', value: { logout_token } } }),
        )
        must([200, 400].includes(status), `a logout token is answered ${status}`)
        if (status === 400) must(!tellsOf(textIn(body), logout_token), 'a refusal shows the token')
      },
      close: () => sallyport.close(),
    }
  },
}
