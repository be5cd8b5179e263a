import { createSallyport, memoryStore } from '@sallyport/core'
import { createSignals } from '@sallyport/signals'
import { examples, identifiers } from '../../signals/examples.ts'
import { textIn } from '../../support/text-in.ts'
import { turnedClock } from '../../support/turned-clock.ts'
import { viewOf } from '../../unit/view.ts'
import { EDDSA, JWT_WORDS, linesOf, publicHalf, SOME_JWS, tokenIn } from '../parts/jws.ts'
import { must, tellsOf } from '../parts/must.ts'
import type { Target } from '../target.ts'

const ISSUER = 'https://idp.example.com'
const HEADER = { alg: 'EdDSA', typ: 'secevent+jwt', kid: 'signals' }

/** Security event tokens that a transmitter pushes. */
export const securityEvent: Target = {
  name: 'security-event',
  words: [
    ...JWT_WORDS,
    '"sub_id"',
    '"format"',
    '"complex"',
    '"aliases"',
    '"toe"',
    '"txn"',
    '"event_timestamp"',
  ],
  maxBytes: 8000,
  async open() {
    const clock = turnedClock()
    const iat = clock.now() / 1000
    const sallyport = await createSallyport({
      ...{ issuer: 'https://auth.example.com', audience: 'api', store: memoryStore(), clock },
      secret: 'a secret of the test, with its 32 bytes',
    })
    const jwks = { keys: [{ ...publicHalf(EDDSA), kid: 'signals', alg: 'EdDSA' }] }
    const signals = await createSignals(sallyport, {
      receive: { transmitters: [{ issuer: ISSUER, audience: 'gateway', jwks }] },
    })
    const [route] = signals.receiver
    if (route === undefined) throw new TypeError('there is no receiver')
    const about = { iss: ISSUER, aud: 'gateway', jti: 'one', iat }
    const told = examples.map(({ claims }) => linesOf(HEADER, { ...claims, ...about }))
    const meant = identifiers.map((one) =>
      linesOf(HEADER, { ...about, sub_id: one, events: examples[0]?.claims.events }),
    )
    return {
      seeds: [...told, ...meant, ...SOME_JWS],
      async run(input) {
        const token = tokenIn(input, EDDSA)
        const bytes = Buffer.from(token, 'latin1')
        const headers = { 'content-type': 'application/secevent+jwt' }
        const { status, body } = await route.handle(viewOf({ headers, body: { kind: 'bytes', bytes } }))
        must([202, 400, 413].includes(status), `a security event token is answered ${status}`)
        if (status === 400) must(!tellsOf(textIn(body), token), 'a refusal shows the token')
      },
      async close() {
        signals.close()
        await sallyport.close()
      },
    }
  },
}
