import type { SallyportOptions } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Listening } from '../support/listening.ts'
import { verifying } from '../support/verifying.ts'
import { API, type Introspecting, introspecting, PATH } from '../unit/introspecting.ts'
import { status } from '../unit/scripted-issuer.ts'

let world: Introspecting
const open: Listening[] = []
beforeEach(async () => {
  world = await introspecting()
})
afterEach(async () => {
  for (const app of open.splice(0)) await app.close()
  await world.close()
})

describe.each(verifying)('a service on %s that asks about opaque tokens', (_name, start) => {
  async function asked(): Promise<(token: string) => Promise<Response>> {
    const { origin } = world.issuer
    const introspection = { url: `${origin}${PATH}`, clientId: 'api', clientSecret: 'secret' }
    const options: SallyportOptions = {
      issuers: [{ issuer: origin, audience: API, introspection }],
      clock: world.clock,
    }
    const app = await start(options)
    open.push(app)
    return (token) => fetch(app.url, { headers: { authorization: `Bearer ${token}` } })
  }

  test('lets in whoever its issuer knows, and nobody else', async () => {
    world.known.set('opaque', world.goodAnswer())
    const ask = await asked()
    const accepted = await ask('opaque')
    expect([accepted.status, await accepted.json()]).toEqual([
      200,
      expect.objectContaining({ subject: 'alice', own: false, issuer: world.issuer.origin }),
    ])
    const refused = await ask('unknown')
    expect([refused.status, await refused.json(), refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.objectContaining({ error: 'invalid_token' }),
      expect.stringContaining('Bearer '),
    ])
  })

  test('answers 503 while the issuer fails, and goes on afterwards', async () => {
    world.known.set('opaque', world.goodAnswer())
    world.answering(status(500))
    const ask = await asked()
    const failed = await ask('opaque')
    expect([failed.status, await failed.json(), failed.headers.get('retry-after')]).toEqual([
      503,
      expect.objectContaining({ error: 'temporarily_unavailable' }),
      '1',
    ])
    world.answering(undefined)
    expect((await ask('opaque')).status).toBe(200)
  })

  test('shuts out a revoked token once the answer is thirty seconds old', async () => {
    world.known.set('opaque', world.goodAnswer())
    const ask = await asked()
    expect((await ask('opaque')).status).toBe(200)
    world.known.clear()
    world.clock.turn(30_000)
    expect((await ask('opaque')).status).toBe(401)
  })
})
