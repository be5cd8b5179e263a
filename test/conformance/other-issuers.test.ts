import type { IssuerOptions, SallyportOptions } from '@sallyport/core'
import { SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { generateSigningKey, publicJwk } from '../../packages/core/src/keys/jwk/jwk.ts'
import type { SigningKey } from '../../packages/core/src/ports/signer.ts'
import type { Listening } from '../support/listening.ts'
import { verifying } from '../support/verifying.ts'
import { json, type ScriptedIssuer, scriptedIssuer, status } from '../unit/scripted-issuer.ts'

const open: Listening[] = []
let pool: ScriptedIssuer
let key: SigningKey
beforeAll(async () => {
  pool = await scriptedIssuer()
  key = await generateSigningKey('RS256')
  pool.answers.set('/.well-known/jwks.json', json({ keys: [publicJwk(key)] }))
})
afterAll(() => pool.close())
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
})

const CLIENT = '1example23456789'
/** The claims of Amazon Cognito, whose tokens have neither `typ` nor `aud`. */
const mint = (claims: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  new SignJWT({
    sub: 'alice',
    client_id: CLIENT,
    token_use: 'access',
    scope: 'openid',
    version: 2,
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS256', kid: key.kid })
    .setIssuer(pool.origin)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key.privateKey)

describe.each(verifying)('a service on %s', (_name, start) => {
  const issuer = (): IssuerOptions => ({
    issuer: pool.origin,
    jwks: `${pool.origin}/.well-known/jwks.json`,
    audience: CLIENT,
    audienceClaim: 'client_id',
    untyped: true,
    algorithms: ['RS256'],
  })
  async function asked(options: SallyportOptions): Promise<(token: string) => Promise<Response>> {
    const app = await start(options)
    open.push(app)
    return (token) => fetch(app.url, { headers: { authorization: `Bearer ${token}` } })
  }

  test('accepts access tokens that name their client instead of an audience, and no others', async () => {
    const ask = await asked({ issuers: [issuer()] })
    const accepted = await ask(await mint())
    expect(accepted.status).toBe(200)
    expect(await accepted.json()).toMatchObject({ subject: 'alice', client: CLIENT, claims: { aud: CLIENT } })
    for (const wrong of [{ client_id: 'another' }, { token_use: 'id', aud: CLIENT, client_id: undefined }]) {
      const refused = await ask(await mint(wrong))
      expect([refused.status, await refused.json()]).toEqual([
        401,
        expect.objectContaining({ error: 'invalid_token' }),
      ])
    }
  })

  test('fetches keys over http from another host where that was chosen, says so, and follows nobody', async () => {
    const told = vi.spyOn(process, 'emitWarning').mockReturnValue()
    // All addresses of this machine: it reaches the issuer on loopback, and is none of loopback itself.
    const elsewhere = pool.origin.replace('127.0.0.1', '0.0.0.0')
    const insecure = { ...issuer(), insecureJwks: true } as const
    const ask = await asked({ issuers: [{ ...insecure, jwks: `${elsewhere}/.well-known/jwks.json` }] })
    const notices = told.mock.calls.map(([notice]) => notice)
    expect((await ask(await mint())).status).toBe(200)
    expect(notices).toContain(
      `the keys of the issuer "${pool.origin}" are fetched over http from ${new URL(elsewhere).host}: whoever can change what is answered there can make access tokens for any of its users`,
    )

    pool.answers.set('/moved', status(302, { location: '/.well-known/jwks.json' }))
    const moved = await asked({ issuers: [{ ...insecure, jwks: `${elsewhere}/moved` }] })
    expect((await moved(await mint())).status).toBe(503)
    told.mockRestore()
  })
})
