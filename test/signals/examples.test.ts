import { describe, expect, test } from 'vitest'
import { examples, identifiers } from './examples.ts'
import { play } from './player.ts'
import { RISC } from './transmitter.ts'

describe('an example of the specifications does what it says', () => {
  test.each(examples)('$source: $does', async ({ does, claims }) => {
    const played = await play(claims)
    if (does === 'is refused') {
      expect(played).toMatchObject({ status: 400, body: { err: 'invalid_request' }, does: 'nothing' })
      return
    }
    expect(played).toMatchObject({ status: 202, body: undefined, does })
    const known = Object.keys(claims.events as object).filter((type) => /\/(caep|risc|ssf)\//.test(type))
    expect(played.told.map(({ type }) => type)).toEqual(known)
    for (const { id, issuer, repeated } of played.told)
      expect({ id, issuer, repeated }).toEqual({ id: claims.jti, issuer: claims.iss, repeated: false })
  })
})

describe('an identifier of the specifications is understood', () => {
  test.each(identifiers)('%o', async (subject) => {
    const { does, told } = await play({
      ...{ iss: 'https://issuer.example.com', aud: 'us', iat: 1_800_000_000, jti: 'a' },
      ...{ sub_id: subject, events: { [`${RISC}account-disabled`]: {} } },
    })
    expect(does).toBe('ends it')
    expect(told[0]?.subject).toBe('user')
  })
})
