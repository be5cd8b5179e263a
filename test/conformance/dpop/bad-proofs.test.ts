import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { badProofs, someBadProofs } from './bad-proofs.ts'
import { proof } from './proofs.ts'
import { AUDIENCE, allFrameworks, ISSUER, World } from './world.ts'

describe.each(allFrameworks)('a bound token on %s is refused with', (framework) => {
  let world: World
  beforeAll(async () => {
    world = await World.start({ framework })
  })
  afterAll(() => world.close())

  const cases = framework === 'Express' ? badProofs : someBadProofs
  test.each(cases)('$name', async ({ make, reason, error = 'invalid_dpop_proof' }) => {
    const token = await world.token()
    const about = world.about(token)
    const dpop = await make(about)
    const reached = world.reached
    world.events.length = 0

    const reply = await world.send({ path: '/me', headers: { authorization: `DPoP ${token}`, dpop } })
    expect([reply.status, JSON.parse(reply.text).error]).toEqual([401, error])
    const [challenge] = reply.headers['www-authenticate'] ?? []
    expect(challenge).toMatch(
      new RegExp(`^DPoP error="${error}", error_description="[^"]+", algs="ES256 EdDSA`),
    )
    expect(world.reached).toBe(reached)
    expect(world.events).toMatchObject([
      { event: 'token.refused', outcome: 'failure', reason, sub: 'user-1', sid: 'session-1' },
    ])
    const sent = [dpop].flat().join()
    for (let at = 0; at + 20 <= sent.length; at += 20) {
      const piece = sent.slice(at, at + 20)
      expect(reply.text + JSON.stringify([reply.headers, world.events])).not.toContain(piece)
    }
    expect((await world.ask(token)).status).toBe(200)
  })
})

test('there are at least sixty of them', () => expect(badProofs.length).toBeGreaterThanOrEqual(60))

describe('a second opinion', () => {
  let world: World
  beforeAll(async () => {
    world = await World.start()
  })
  afterAll(() => world.close())

  async function judge(dpop: string | readonly string[], token: string): Promise<'accepts' | 'refuses'> {
    const headers = new Headers({ authorization: `DPoP ${token}` })
    for (const one of [dpop].flat()) headers.append('dpop', one)
    const request = new Request(`${world.url}/me`, { headers })
    const server = { issuer: ISSUER, jwks_uri: `${ISSUER}/jwks` }
    const keys = async () => Response.json({ keys: [world.signing.publicJwk] })
    try {
      await oauth.validateJwtAccessToken(server, request, AUDIENCE, {
        requireDPoP: true,
        [oauth.customFetch]: keys,
      })
      return 'accepts'
    } catch {
      return 'refuses'
    }
  }

  test('accepts a good proof', async () => {
    const token = await world.token()
    expect(await judge(proof(world.about(token)), token)).toBe('accepts')
  })

  test.each(badProofs)('is the same on $name, or we are stricter', async ({ make, oracle = 'refuses' }) => {
    const token = await world.token()
    const dpop = await make(world.about(token))
    expect(await judge(dpop, token)).toBe(oracle)
  })
})
