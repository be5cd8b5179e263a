import { API, decisionOn, introspecting, PATH } from '../../unit/introspecting.ts'
import { text } from '../../unit/scripted-issuer.ts'
import { must } from '../parts/must.ts'
import type { Target } from '../target.ts'

/** What an issuer answers about an opaque token, over real HTTP. */
export const introspection: Target = {
  name: 'introspection',
  words: [
    '"active"',
    '"sub"',
    '"aud"',
    '"client_id"',
    '"scope"',
    '"exp"',
    '"iat"',
    '"token_type"',
    '"cnf"',
    API,
  ],
  maxBytes: 8000,
  async open() {
    const world = await introspecting()
    const sallyport = await world.site({ cacheSeconds: 0 })
    const good = JSON.stringify(world.goodAnswer())
    let asked = 0
    return {
      seeds: [
        good,
        JSON.stringify(world.goodAnswer({ token_type: 'DPoP', cnf: { jkt: 'A'.repeat(43) } })),
        JSON.stringify(
          world.goodAnswer({ client_id: undefined, scope: ['read'], token_use: 'access_token' }),
        ),
        '{"active":false}',
      ],
      async run(input) {
        world.issuer.answers.set(PATH, text(input, { 'content-type': 'application/json' }))
        world.issuer.asked.length = 0
        const decision = await decisionOn(sallyport, `opaque-${asked++}`)
        if (decision.kind !== 'refuse')
          return must(saysActive(input), 'a token that is not active is accepted')
        const { status } = decision.answer
        must([401, 403, 503].includes(status), `an answer about a token leads to ${status}`)
      },
      close: () => world.close(),
    }
  },
}

function saysActive(answer: Buffer): boolean {
  return JSON.parse(answer.toString()).active === true
}
