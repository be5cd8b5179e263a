import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { keyPair } from '../support/key-pair.ts'
import { decisionOn, introspecting, statusOf } from '../unit/introspecting.ts'
import { ISSUER, oauthSite } from '../unit/oauth-site.ts'
import { type Example, exampleOf, joined, messageIn, valueIn } from './texts.ts'

/** The examples of RFC 7662, 7009 and 9701, word for word (copyright IETF Trust and the authors). */

/** The form and the headers of a request. */
function requestIn(example: Example, more: Readonly<Record<string, string>> = {}) {
  const { headers, body } = messageIn(example)
  const { host: _host, ...others } = headers
  return { form: { ...Object.fromEntries(new URLSearchParams(joined(body))), ...more }, headers: others }
}

const keys = keyPair('ec', { namedCurve: 'P-256' })
const jwks = { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }] }

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

/** A server that has the client of the figures. */
async function server(client: object = { clientSecret: 'gX1fBat3bV' }) {
  const clients = [{ clientId: 's6BhdRkqt3', introspect: true, revoke: 'all' as const, ...client }]
  const site = await oauthSite({ clients })
  open.push(site.sallyport)
  return site
}

describe('RFC 7662', () => {
  test('a client that authenticates with a bearer token, which is not offered, is refused', async () => {
    const { ask } = await server()
    const { form, headers } = requestIn(exampleOf('rfc7662', 'request-bearer'))
    expect(await ask('introspect', form, headers)).toMatchObject({
      ...{ status: 401, body: { error: 'invalid_client' } },
    })
  })

  test('a client asks about a token that is not known, and gets the answer of the text and nothing else', async () => {
    const { ask } = await server()
    const { form, headers } = requestIn(exampleOf('rfc7662', 'request-basic'))
    const inactive = messageIn(exampleOf('rfc7662', 'response-inactive'))
    const answer = await ask('introspect', form, headers)
    expect(`HTTP/1.1 ${answer.status} OK`).toBe(inactive.start)
    expect(answer.body).toEqual(JSON.parse(inactive.body))
  })

  test('a client asks about a token of ours, and is told what the text tells', async () => {
    const { ask, signIn } = await server()
    const { token } = await signIn()
    const { form, headers } = requestIn(exampleOf('rfc7662', 'request-basic'), { token })
    const { body } = await ask('introspect', form, headers)
    const active = JSON.parse(messageIn(exampleOf('rfc7662', 'response-active')).body) as object
    // We have no user names, and extensions have other names.
    const { username: _name, extension_field: _field, ...all } = active as Record<string, unknown>
    for (const [name, value] of Object.entries(all))
      expect([name, typeof body[name]]).toEqual([name, typeof value])
  })

  test('the answers of the text, as a server of somebody else gives them, open the door and close it', async () => {
    const world = await introspecting()
    open.push(world)
    const said = JSON.parse(messageIn(exampleOf('rfc7662', 'response-active')).body)
    world.clock.set((said.iat + 60) * 1000)
    world.known.set('good', said)
    world.known.set('bad', JSON.parse(messageIn(exampleOf('rfc7662', 'response-inactive')).body))
    const sallyport = await world.site({}, { audience: said.aud }, { issuer: said.iss, audience: said.aud })
    expect(await decisionOn(sallyport, 'good')).toMatchObject({
      kind: 'allow',
      auth: { subject: said.sub, client: said.client_id, scopes: said.scope.split(' '), issuer: said.iss },
    })
    expect(await statusOf(sallyport, 'bad')).toBe(401)
    world.clock.set(said.exp * 1000 + 60_000)
    expect(await statusOf(sallyport, 'good')).toBe(401)
  })
})

describe('RFC 7009', () => {
  test('a client revokes a token that is not known, and is answered as if it were', async () => {
    const { ask } = await server()
    const { form, headers } = requestIn(exampleOf('rfc7009', 'request'))
    expect(await ask('revoke', form, headers)).toMatchObject({ status: 200, text: '' })
  })

  test('a client revokes a refresh token of ours, and its session ends', async () => {
    const { ask, signIn, opens } = await server()
    const { token, refresh } = await signIn()
    expect(await opens(token)).toBe(200)
    const { form, headers } = requestIn(exampleOf('rfc7009', 'request'), { token: refresh })
    expect(await ask('revoke', form, headers)).toMatchObject({ status: 200, text: '' })
    expect(await opens(token)).toBe(401)
  })

  test('the URL of section 2.3, for JSONP, revokes nothing: what it asks for is not there', async () => {
    const { ask, signIn, opens } = await server()
    const { token } = await signIn()
    const url = new URL(joined(exampleOf('rfc7009', 'jsonp-request').text))
    expect(url.searchParams.get('callback')).toBe(
      exampleOf('rfc7009', 'jsonp-success').text.trim().replace('();', ''),
    )
    const form = { ...Object.fromEntries(url.searchParams), token }
    expect((await ask('revoke', form)).status).toBe(401)
    expect(await opens(token)).toBe(200)
  })
})

describe('RFC 9701', () => {
  const assertion = () =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer('s6BhdRkqt3')
      .setSubject('s6BhdRkqt3')
      .setAudience(ISSUER)
      .setJti('one')
      .setIssuedAt(Date.UTC(2026, 0, 1) / 1000)
      .setExpirationTime(Date.UTC(2026, 0, 1) / 1000 + 60)
      .sign(keys.privateKey)

  test('a request whose assertion is left out, as in the text, is refused', async () => {
    const { ask } = await server({ jwks })
    const { form, headers } = requestIn(exampleOf('rfc9701', 'request'))
    expect(await ask('introspect', form, headers)).toMatchObject({
      ...{ status: 401, body: { error: 'invalid_client' } },
    })
  })

  test('a request with an assertion is answered in the form of the text', async () => {
    const { ask, signIn } = await server({ jwks })
    const { token } = await signIn()
    const request = exampleOf('rfc9701', 'request')
    const { form, headers } = requestIn(request, { token, client_assertion: await assertion() })
    const answer = await ask('introspect', form, headers)
    const shown = messageIn(exampleOf('rfc9701', 'response'))
    expect(`HTTP/1.1 ${answer.status} OK`).toBe(shown.start)
    expect(answer.headers['Content-Type']).toBe(shown.headers['content-type'])
    const [ours, theirs] = [answer.text, joined(shown.body)]
    expect(decodeProtectedHeader(theirs)).toEqual(valueIn(exampleOf('rfc9701', 'response-header')))
    expect(decodeProtectedHeader(ours).typ).toBe(decodeProtectedHeader(theirs).typ)
    const payload = valueIn(exampleOf('rfc9701', 'response-payload')) as Record<string, unknown>
    expect(decodeJwt(theirs)).toEqual(payload)
    const { jti: _jti, ...claims } = decodeJwt(ours)
    expect(Object.keys(claims).toSorted()).toEqual(Object.keys(payload).toSorted())
    expect(claims).toMatchObject({ iss: ISSUER, aud: 's6BhdRkqt3', token_introspection: { active: true } })
  })

  test('one about a token that is not known says so, and nothing else', async () => {
    const { ask } = await server({ jwks })
    const request = exampleOf('rfc9701', 'request')
    const { form, headers } = requestIn(request, { client_assertion: await assertion() })
    const answer = await ask('introspect', form, headers)
    expect(decodeJwt(answer.text).token_introspection).toEqual({ active: false })
  })
})
