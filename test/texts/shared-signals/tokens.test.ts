import { CompactSign } from 'jose'
import { describe, expect, test } from 'vitest'
import { examples, identifiers } from '../../signals/examples.ts'
import { type Claims, play } from '../../signals/player.ts'
import { CAEP, header, privateKey, RISC } from '../../signals/transmitter.ts'
import { type Example, exampleOf, examplesOf, type TextName, valueIn } from '../texts.ts'
import { type Use, uses } from './uses.ts'

/**
 * Every example of SSF 1.0, CAEP 1.0, RISC 1.0 (copyright The OpenID Foundation), RFC 8417, 8935, 8936 and 9493 (copyright
 * IETF Trust), and of Okta's documentation, word for word, where they lie beside the repository.
 */
describe('the examples of shared signals, word for word', () => {
  const names = Object.keys(uses) as TextName[]

  type Row<T> = readonly [place: string, example: Example, use: T]
  function rowsOf<T extends Use['as']>(as: T): readonly Row<Extract<Use, { readonly as: T }>>[] {
    return names.flatMap((name) =>
      examplesOf(name).flatMap((example) => {
        const use = uses[name][example.anchor]
        const place = `${name}, section ${example.section}: ${example.title || example.anchor}`
        return use?.as === as ? [[place, example, use as Extract<Use, { readonly as: T }>] as const] : []
      }),
    )
  }

  test.each(names)('each of %s has its use, and there are no others', (name) => {
    const anchors = examplesOf(name).map(({ anchor }) => anchor)
    expect(anchors.toSorted()).toEqual(Object.keys(uses[name]).toSorted())
  })

  test.each(rowsOf('token'))('%s', async (_place, example, { does, laterGoesOn }) => {
    const claims = valueIn(example) as Claims
    const played = await play(claims)
    expect(played).toMatchObject({ status: 202, body: undefined, does, laterGoesOn })
    const known = Object.entries(claims.events as Claims).filter(([type]) => /\/(caep|risc|ssf)\//.test(type))
    expect(played.told.map(({ type, claims }) => [type, claims])).toEqual(known)
    for (const { id, issuer, repeated } of played.told)
      expect({ id, issuer, repeated }).toEqual({ id: claims.jti, issuer: claims.iss, repeated: false })
  })

  test.each(rowsOf('refused token'))('%s is refused', async (_place, example, { err }) => {
    const played = await play(valueIn(example) as Claims)
    expect(played).toMatchObject({ status: 400, body: { err }, does: 'nothing', laterGoesOn: true, told: [] })
  })

  const about = (sub_id: unknown, event: unknown = {}, type = `${RISC}account-disabled`): Claims => ({
    ...{ iss: 'https://issuer.example.com', aud: 'us', iat: 1_800_000_000, jti: 'a', sub_id },
    events: { [type]: event },
  })
  test.each(rowsOf('subject'))('%s means the user', async (_place, example) => {
    const subject = valueIn(example)
    const played = await play(about(subject))
    expect(played).toMatchObject({ status: 202, does: 'ends it', laterGoesOn: false })
    const [told] = played.told
    expect(told?.subject).toBe('user')
    const { about: said } = told ?? {}
    expect(said?.kind === 'complex' ? { format: 'complex', ...said.members } : said?.identifier).toEqual(
      subject,
    )
  })

  test.each(rowsOf('members of an event'))('%s: the application is told', async (_place, { text }) => {
    const event = JSON.parse(text) as Claims
    const user = { format: 'email', email: 'user@example.com' }
    const played = await play(about(user, event, `${CAEP}session-revoked`))
    expect(played).toMatchObject({ status: 202, does: 'ends it', told: [{ claims: event }] })
  })

  test.each(rowsOf('names of events'))('%s: each does nothing, and is told', async (_place, { text }) => {
    const called = [...new Set(text.match(/opt-(?:in|out-\w+)/g))]
    expect(called.toSorted()).toEqual([
      ...['opt-in', 'opt-out-cancelled', 'opt-out-effective', 'opt-out-initiated'],
    ])
    for (const name of called) {
      const played = await play(about({ format: 'email', email: 'a@example.com' }, {}, RISC + name))
      expect(played).toMatchObject({ status: 202, does: 'nothing', told: [{ type: RISC + name }] })
    }
  })

  const whole = [...rowsOf('token'), ...rowsOf('refused token')].map(([, example]) => valueIn(example))
  test.each(examples)('what test/signals has of $source is in the text', ({ claims }) => {
    expect(whole).toContainEqual(expect.objectContaining({ jti: claims.jti }))
    const same = whole.filter((one) => {
      try {
        expect(one).toMatchObject(claims)
        return true
      } catch {
        return false
      }
    })
    expect(same).not.toEqual([])
  })

  test.each(identifiers)('what test/signals has of %o is in the text', (identifier) => {
    expect(rowsOf('subject').map(([, example]) => valueIn(example))).toContainEqual(identifier)
  })

  test('a token that has the comma too many of RISC 1.0, section 2.3, is refused, since it is no JSON', async () => {
    const example = exampleOf('risc', 'account-disabled-example')
    const payload = new TextEncoder().encode(example.text)
    const jwt = await new CompactSign(payload).setProtectedHeader(header).sign(privateKey)
    const played = await play(valueIn(example) as Claims, { jwt })
    expect(played).toMatchObject({ status: 400, body: { err: 'invalid_request' }, does: 'nothing', told: [] })
  })
})
