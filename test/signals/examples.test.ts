import { createSallyport, memoryStore, type Sallyport } from '@sallyport/core'
import { type Answer, gateOf } from '@sallyport/core/adapter'
import { createSignals, type Signal } from '@sallyport/signals'
import { describe, expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { viewOf } from '../unit/view.ts'
import { type Does, type Example, examples, identifiers } from './examples.ts'
import { jwks, RISC, sign } from './transmitter.ts'

/** A user has signed in some minutes before the token of an example was issued; then the token comes. */
async function play({ claims }: Example) {
  const clock = turnedClock((Number(claims.iat) - 300) * 1000)
  const sallyport = await createSallyport({ clock, store: memoryStore() })
  const told: Signal[] = []
  const { receiver } = await createSignals(sallyport, {
    receive: {
      transmitters: [{ issuer: claims.iss, audience: claims.aud, jwks }],
      subjectOf: () => 'user',
      onSignal: (signal) => {
        told.push(signal)
        return undefined
      },
    },
  })
  const { body } = await gateOf(sallyport).signIn(viewOf({}), { subject: 'user' })
  const { access_token: token } = JSON.parse(textIn(body)) as { access_token: string }
  clock.turn(300_000)
  const answer = (await receiver[0]?.handle(
    viewOf({
      headers: { 'content-type': 'application/secevent+jwt' },
      body: { kind: 'bytes', bytes: Buffer.from(await sign(claims)) },
    }),
  )) as Answer
  const became = await becameOf(sallyport, token)
  await sallyport.close()
  return { answer, became, told }
}

async function becameOf({ tokens, sessions }: Sallyport, token: string): Promise<Does> {
  if ((await sessions.list('user')).length === 0) return 'ends them'
  return (await tokens.verify(token)).kind === 'valid' ? 'nothing' : 'refuses their tokens'
}

describe('an example of the specifications does what it says', () => {
  test.each(examples)('$source: $does', async (example) => {
    const { answer, became, told } = await play(example)
    if (example.does === 'is refused') {
      expect(answer.status).toBe(400)
      expect(JSON.parse(textIn(answer.body))).toMatchObject({ err: 'invalid_request' })
      expect(became).toBe('nothing')
      return
    }
    expect(answer).toMatchObject({ status: 202, body: undefined })
    expect(became).toBe(example.does)
    const known = Object.keys(example.claims.events as object).filter((type) =>
      /\/(caep|risc|ssf)\//.test(type),
    )
    expect(told.map(({ type }) => type)).toEqual(known)
    for (const { id, issuer, repeated } of told)
      expect({ id, issuer, repeated }).toEqual({
        ...{ id: example.claims.jti, issuer: example.claims.iss, repeated: false },
      })
  })
})

describe('an identifier of the specifications is understood', () => {
  test.each(identifiers)('%o', async (subject) => {
    const { became, told } = await play({
      ...{ source: '', does: 'ends them' },
      claims: {
        ...{ iss: 'https://issuer.example.com', aud: 'us', iat: 1_800_000_000, jti: 'a' },
        ...{ sub_id: subject, events: { [`${RISC}account-disabled`]: {} } },
      },
    })
    expect(became).toBe('ends them')
    expect(told[0]?.subject).toBe('user')
  })
})
