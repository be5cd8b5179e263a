import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessOf, bodyOf, type Client, claimsOf, cookieOf } from './client.ts'
import { openApplication, refresh, signIn } from './in-process.ts'
import { finalStatus, type Node, REFUSED_WITHIN_MS, type System, startSystem, until } from './system.ts'

const GRACE_MS = 1000

let system: System
let nodes: readonly [Node, Node, Node]

beforeAll(async () => {
  system = await startSystem({ REUSE_GRACE: String(GRACE_MS / 1000) })
  nodes = [await system.start('fastify'), await system.start('koa'), await system.start('express')]
})

afterAll(async () => {
  const { exitCodes, errors } = await system.stop()
  expect(exitCodes).toEqual([0, 0, 0])
  expect(errors).toEqual([])
})

test('an old refresh token, replayed after its successor was used, ends the session in every process', async () => {
  const [first, second, third] = nodes
  const login = await first.login('user1')
  const refreshed = await second.refresh(cookieOf(login))
  const latest = await third.refresh(cookieOf(refreshed))
  const bystander = await second.login('user1')

  const replay = await second.refresh(cookieOf(login))
  expect(replay.status).toBe(401)
  expect(bodyOf(replay).error).toBe('invalid_grant')
  expect(replay.cookie).toBeUndefined()
  // At once where it was found out.
  for (const reply of [login, refreshed, latest]) expect((await second.me(accessOf(reply))).status).toBe(401)

  await expectDead([accessOf(login), accessOf(refreshed), accessOf(latest)], cookieOf(latest))
  for (const node of nodes) expect((await node.me(accessOf(bystander))).status).toBe(200)
  expect((await first.refresh(cookieOf(bystander))).status).toBe(200)

  const { sub, sid } = claimsOf(accessOf(login))
  const told = system.audit().filter((event) => event.sid === sid)
  expect(told.filter(({ event }) => event === 'refresh.reused')).toEqual([
    expect.objectContaining({ outcome: 'failure', reason: 'token_reused', sub, sid, client_id: 'web' }),
  ])
  expect(told.filter(({ event }) => event === 'session.ended')).toEqual([
    expect.objectContaining({ outcome: 'success', reason: 'refresh.reused', sub, sid }),
  ])
})

test('the previous refresh token is theft once an access token of its successor was seen by another process', async () => {
  const [first, second, third] = nodes
  const login = await first.login('user2')
  const refreshed = await first.refresh(cookieOf(login))
  expect((await third.me(accessOf(refreshed))).status).toBe(200)
  await sleep(GRACE_MS + 200)
  expect((await second.refresh(cookieOf(login))).status).toBe(401)
  await expectDead([accessOf(login), accessOf(refreshed)], cookieOf(refreshed))
})

test('without that it is contested: the line goes on, and whoever has what was skipped is found out', async () => {
  const [first, second, third] = nodes
  const login = await first.login('user4')
  const skipped = await first.refresh(cookieOf(login))
  await sleep(GRACE_MS + 200)
  const latest = await second.refresh(cookieOf(login))
  expect(latest.status).toBe(200)
  // The tokens of the skipped generation, and no others, are refused everywhere.
  for (const node of nodes) {
    expect(await finalStatus(node, accessOf(skipped))).toBe(401)
    for (const good of [login, latest]) expect((await node.me(accessOf(good))).status).toBe(200)
  }
  const { sub, sid } = claimsOf(accessOf(login))
  const told = system.audit().filter((event) => event.sid === sid && event.event === 'refresh.contested')
  expect(told).toEqual([
    expect.objectContaining({ outcome: 'success', sub, ip: '127.0.0.1', previous_ip: '127.0.0.1' }),
  ])

  expect((await third.refresh(cookieOf(skipped))).status).toBe(401)
  await expectDead([accessOf(login), accessOf(latest)], cookieOf(latest))
})

test('a refresh token that a native client replays ends its session likewise', async () => {
  const [first, second, third] = nodes
  const login = await first.login('user3', { 'X-Token-Transport': 'body' })
  const swap = (node: Client, token: unknown) =>
    node.call('POST', '/auth/token', {
      form: { grant_type: 'refresh_token', refresh_token: String(token) },
    })
  const one = bodyOf(login).refresh_token
  const two = bodyOf(await swap(second, one)).refresh_token
  const latest = await swap(third, two)
  const replay = await swap(second, one)
  expect(replay.status).toBe(400)
  expect(bodyOf(replay).error).toBe('invalid_grant')
  for (const node of nodes) {
    expect(await finalStatus(node, accessOf(latest))).toBe(401)
    expect((await swap(node, bodyOf(latest).refresh_token)).status).toBe(400)
  }
})

test('an application is told of a theft in the process that finds it, and of its revocation in the others', async () => {
  const finder = await openApplication(system)
  const other = await openApplication(system)
  try {
    const first = await signIn(finder, 'somebody')
    const second = await refresh(other, first.cookie)
    expect((await refresh(finder, second.cookie)).status).toBe(200)
    expect(await refresh(finder, first.cookie)).toMatchObject({ status: 401, cookie: '' })

    const found = finder.events.find(({ event }) => event === 'refresh.reused')
    expect(found).toMatchObject({ outcome: 'failure', reason: 'token_reused', sub: 'somebody' })
    const revocation = { kind: 'session', session: found?.sid }
    const isRevocation = (one: object): boolean => 'session' in one && one.session === found?.sid
    expect(finder.revoked.filter(isRevocation)).toEqual([revocation])
    const heard = await until(
      async () => other.revoked.filter(isRevocation),
      (revoked) => revoked.length > 0,
      REFUSED_WITHIN_MS,
    )
    expect(heard).toEqual([revocation])
    expect(other.events.filter(({ event }) => event === 'refresh.reused')).toEqual([])
  } finally {
    await finder.close()
    await other.close()
  }
})

async function expectDead(accessTokens: readonly string[], cookie: string): Promise<void> {
  for (const node of nodes) {
    for (const access of accessTokens) expect(await finalStatus(node, access)).toBe(401)
    const refused = await node.refresh(cookie)
    expect(refused.status).toBe(401)
    expect(refused.cookie).toBeUndefined()
  }
}
