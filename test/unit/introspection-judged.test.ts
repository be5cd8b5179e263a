import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isIntrospectable } from '../../packages/core/src/tokens/forms/introspectable.ts'
import { API, decisionOn, type Introspecting, introspecting } from './introspecting.ts'

let world: Introspecting
beforeAll(async () => {
  world = await introspecting()
})
afterAll(() => world.close())

const other = 'https://other.example'
/** For each member, what is right, what is wrong, and anything at all. */
const oneOf = (...values: readonly unknown[]) =>
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: fc.jsonValue() })
const members = {
  active: oneOf(true, true, true, false, 'true', 1),
  iss: oneOf('ORIGIN', 'ORIGIN', other),
  sub: oneOf('alice', ''),
  aud: oneOf(API, API, [other, API], [API, 5], other, []),
  client_id: oneOf('web', ''),
  exp: oneOf(60, 60, -4, -5, '60'),
  nbf: oneOf(0, 5, 6),
  iat: oneOf(0, 5, 6),
  token_type: oneOf('Bearer', 'bearer', 'DPoP', 'N_A'),
  token_use: oneOf('access', 'access_token', 'refresh_token', 'id'),
  scope: oneOf('read', '', 'read  write', ['read', 'write']),
  cnf: oneOf({ jkt: 'a' }),
}
/** A few members of a good answer are others. */
const changes = fc
  .subarray(Object.keys(members) as (keyof typeof members)[], { maxLength: 3 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, members[name]]))))
type Members = Readonly<Record<string, unknown>>

/** The same rules once more, as RFC 7662 and the guide state them. */
function isGood(answer: Members, now: number, origin: string): boolean {
  const { active, iss = origin, aud, exp, nbf = 0, iat = 0, token_type = 'Bearer', cnf } = answer
  const { client_id, sub = client_id, token_use = 'access', scope = '' } = answer
  const isName = (one: unknown): boolean => typeof one === 'string' && one !== '' && one.length < 256
  const isInstant = (one: unknown): one is number => typeof one === 'number' && one >= 0
  const audiences: unknown[] = [aud].flat()
  const scopes: unknown[] = [scope].flat()
  return (
    active === true &&
    iss === origin &&
    isName(sub) &&
    (client_id === undefined || isName(client_id)) &&
    audiences.every((one) => typeof one === 'string') &&
    audiences.includes(API) &&
    [exp, nbf, iat].every(isInstant) &&
    Number(exp) + 5 > now &&
    Number(nbf) <= now + 5 &&
    Number(iat) <= now + 5 &&
    /^bearer$/i.test(String(token_type)) &&
    typeof token_type === 'string' &&
    (token_use === 'access' || token_use === 'access_token') &&
    (scope === '' || scopes.every((one) => /^[!#-[\]-~]+( [!#-[\]-~]+)*$/.test(String(one)))) &&
    scopes.every((one) => typeof one === 'string') &&
    cnf === undefined
  )
}

test('an answer lets a request through exactly if all of it is right, and none makes an error', async () => {
  const sallyport = await world.site()
  const now = world.clock.now() / 1000
  const { origin } = world.issuer
  let asked = 0
  let good = 0
  await fc.assert(
    fc.asyncProperty(changes, async (given) => {
      const timed = Object.entries(given).map(([name, value]) => {
        if (value === 'ORIGIN') return [name, origin]
        return [
          name,
          ['exp', 'nbf', 'iat'].includes(name) && Number.isInteger(value) ? now + Number(value) : value,
        ]
      })
      const answer: Members = { ...world.goodAnswer(), ...Object.fromEntries(timed) }
      const token = `token-${asked++}`
      world.known.set(token, answer)
      const decision = await decisionOn(sallyport, token)
      // What is no introspection response at all is the fault of the issuer.
      const refused = typeof answer.active === 'boolean' ? 401 : 503
      const status = decision.kind === 'refuse' ? decision.answer.status : 200
      expect(status).toBe(isGood(answer, now, origin) ? 200 : refused)
      if (status === 200) good++
    }),
    { numRuns: 300 },
  )
  expect(good).toBeGreaterThan(20)
})

test('no string with the header of a JWT may be asked about, however it is spelled', () => {
  const segment = fc.string({ unit: fc.constantFrom(...'AZaz09-_+/~'), maxLength: 20 })
  const header = fc.dictionary(fc.string(), fc.jsonValue()).map((members) => JSON.stringify(members))
  const spelling = fc.record({
    before: fc.constantFrom('', ' ', '\n'),
    encoding: fc.constantFrom('base64', 'base64url'),
    after: fc.constantFrom('', '~', '~~'),
  })
  fc.assert(
    fc.property(header, spelling, fc.array(segment, { minLength: 2, maxLength: 4 }), (json, as, rest) => {
      const encoded = Buffer.from(as.before + json).toString(as.encoding as BufferEncoding)
      const token = [encoded.replaceAll('=', '') + as.after, ...rest].join('.')
      expect(isIntrospectable(token)).toBe(rest.length === 3)
    }),
  )
})
