import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostNames } from '../support/hosts.ts'
import { badClaims } from './bad-claims.ts'
import { type BadToken, badHeaders } from './bad-headers.ts'
import { badShapes } from './bad-shapes.ts'
import { expectReply } from './expectations.ts'
import { type GoodToken, goodTokens } from './good-tokens.ts'
import { type Case, conformance } from './runner.ts'
import { Mint, makeKey, makeRing } from './token-mint.ts'
import type { Visitor } from './visitor.ts'

let folder: string
let trap: Server
let trapped = 0
let ring: Mint['keys']
let attacker: Mint['attacker']
const mints = new Map<string, Promise<Mint>>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-tokens-'))
  ring = await makeRing(join(folder, 'keys.json'))
  attacker = await makeKey('EdDSA', 'attacker')
  trap = createServer((_request, response) => {
    trapped++
    response.end(JSON.stringify({ keys: [attacker.publicJwk] }))
  })
  await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  trap.close()
  await rm(folder, { recursive: true, force: true })
})

/** Makes tokens for a host, of a session that lives there. */
function mintFor(visitor: Visitor): Promise<Mint> {
  const known = mints.get(visitor.host.url) ?? makeMint(visitor)
  mints.set(visitor.host.url, known)
  return known
}

async function makeMint(visitor: Visitor): Promise<Mint> {
  const { token } = await visitor.signIn('user1')
  visitor.transcript.length = 0
  const { port } = trap.address() as AddressInfo
  return new Mint(ring, attacker, `http://127.0.0.1:${port}`, decodeJwt(token), token)
}

const bad = ({ name, make, expired }: BadToken): Case => ({
  name: `refused: ${name}`,
  async play(visitor) {
    const mint = await mintFor(visitor)
    const token = await make(mint)
    const reply = await visitor.me(token)
    expectReply(reply, { status: 401, error: 'invalid_token' })
    const answer = JSON.stringify([reply.headers, reply.text])
    for (let at = 0; at + 16 <= token.length; at += 16)
      assert(!answer.includes(token.slice(at, at + 16)), `a part of the token is in ${answer}`)
    if (expired) return
    const logout = { method: 'POST', path: '/auth/logout', headers: { authorization: `Bearer ${token}` } }
    await visitor.expect(logout, { status: 204 })
    expectReply(await visitor.me(mint.original), { status: 200 })
  },
})

const good = ({ name, make, scope, scheme = 'Bearer ' }: GoodToken): Case => ({
  name: `accepted: ${name}`,
  async play(visitor) {
    const mint = await mintFor(visitor)
    const authorization = `${scheme}${await make(mint)}`
    const { sub, sid } = mint.base
    await visitor.expect(
      { path: '/api/me', headers: { authorization } },
      { status: 200, body: { sub, sid, scope: scope ?? mint.base.scope } },
    )
  },
})

/** What is over is refused, but still names its session to those who want out. */
const overdue: Case = {
  name: 'logout by an expired token ends its session',
  async play(visitor) {
    const own = await visitor.signIn()
    const { base, ...mint } = await mintFor(visitor)
    const { sid, sub } = decodeJwt(own.token)
    const forger = new Mint(mint.keys, mint.attacker, mint.trap, { ...base, sid, sub }, own.token)
    const token = forger.forged({ claims: { iat: forger.now - 60, exp: forger.now - 1 } })
    const logout = { method: 'POST', path: '/auth/logout', headers: { authorization: `Bearer ${token}` } }
    await visitor.expect(logout, { status: 204, cookie: 'cleared' })
    await visitor.expectEnded(own)
  },
}

describe('tokens', () => {
  conformance(
    [...[...badHeaders, ...badClaims, ...badShapes].map(bad), ...goodTokens.map(good), overdue],
    () => ({ SIGNING_KEYS: join(folder, 'keys.json') }),
    // A token is judged without the store, so one host on Redis is enough.
    hostNames.filter((name) => name.endsWith('on memory') || name === 'koa on redis'),
  )
  test('no host asked a URL that a token named', () => expect(trapped).toBe(0))
})
