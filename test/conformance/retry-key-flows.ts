import { expect } from 'vitest'
import { audited } from './audited.ts'
import type { Fields, Reply } from './client.ts'
import { expectReply } from './expectations.ts'
import { Client, KEY, keyed, OTHER_KEY, type Transport, transports } from './retry-key-transports.ts'
import type { Case } from './runner.ts'
import { signedIn } from './visitor.ts'

const AT_ONCE = 8
const SIGN_IN_KEY = 'attempt-of-a-client_00'

/** What is presented after a refresh with `KEY`, or after one without a key. */
const otherAttempts: readonly { readonly name: string; readonly headers: Fields }[] = [
  { name: 'another key', headers: keyed(OTHER_KEY) },
  { name: 'no key', headers: {} },
]

/** The client begins a case with a session of its own. */
const flow = (transport: Transport, name: string, play: (client: Client) => Promise<void>): Case => ({
  name: `${name}, ${transport.name}`,
  play: (visitor) => play(new Client(transport, visitor)),
})

const successorsOf = (replies: readonly Reply[]): ReadonlySet<string> =>
  new Set(replies.map((reply) => signedIn(reply).refresh))

/** Whatever the grace. */
const atOnce = (transport: Transport): readonly Case[] => [
  flow(transport, 'refreshes at once with one key all converge on a token that works', async (client) => {
    const { visitor } = client
    const { refresh, sid } = await client.signIn()
    const attempt = transport.refreshBy(refresh, keyed(KEY))
    const replies = await visitor.sendAll(Array.from({ length: AT_ONCE }, () => attempt))
    for (const reply of replies) expectReply(reply, { status: 200 })
    expect(successorsOf(replies).size).toBe(1)
    for (const reply of replies) await client.expectGood(signedIn(reply).token)
    for (const successor of successorsOf(replies))
      expectReply(await client.tryRefresh(successor, keyed(OTHER_KEY)), { status: 200 })
    expect(audited(visitor.host, sid, 'refresh.reused', 'refresh.contested', 'session.ended')).toEqual([])
  }),
  flow(transport, 'refreshes at once with two keys are theft', async (client) => {
    const { visitor } = client
    const { refresh, sid, token } = await client.signIn()
    const attempts = [KEY, OTHER_KEY].map((key) => transport.refreshBy(refresh, keyed(key)))
    const replies = await visitor.race(attempts)
    const [winner, ...more] = replies.filter((reply) => reply.status === 200)
    expect(more).toEqual([])
    for (const reply of replies) if (reply !== winner) expectReply(reply, transport.dead)
    await client.expectRefused(token)
    expect(audited(visitor.host, sid, 'refresh.reused')).toHaveLength(1)
  }),
]

/** Two requests after one another, in a session whose client sends keys. */
const inKeyedSessions = (transport: Transport): readonly Case[] => [
  ...otherAttempts.flatMap(({ name, headers }) => [
    flow(transport, `after a refresh with a key, ${name} on the previous token is theft`, async (client) => {
      const first = await client.signIn()
      const second = await client.refresh(first, keyed(KEY))
      await client.expectTheft(first, second, headers)
      await expectToldOfTheft(client, first)
    }),
    flow(transport, `after a sign-in and a refresh with keys, ${name} is theft`, async (client) => {
      const first = await client.signIn(keyed(SIGN_IN_KEY))
      const second = await client.refresh(first, keyed(KEY))
      await client.expectTheft(first, second, headers)
      await expectToldOfTheft(client, first)
    }),
    flow(
      transport,
      `after a sign-in with a key, ${name} on a token whose successor is in use is theft`,
      async (client) => {
        const first = await client.signIn(keyed(SIGN_IN_KEY))
        const second = await client.refresh(first)
        await client.expectGood(second.token)
        await client.expectTheft(first, second, headers)
        await expectToldOfTheft(client, first)
      },
    ),
    flow(
      transport,
      `after an earlier refresh with a key, ${name} on a token whose successor is in use is theft`,
      async (client) => {
        const first = await client.signIn()
        const second = await client.refresh(first, keyed(KEY))
        const third = await client.refresh(second)
        await client.expectGood(third.token)
        await client.expectTheft(second, third, headers)
      },
    ),
  ]),
  flow(transport, 'the key of the sign-in is no key of a refresh', async (client) => {
    const first = await client.signIn(keyed(SIGN_IN_KEY))
    const second = await client.refresh(first, keyed(KEY))
    await client.expectTheft(first, second, keyed(SIGN_IN_KEY))
  }),
  flow(transport, 'an older token is theft with its own key too', async (client) => {
    const first = await client.signIn()
    const second = await client.refresh(first, keyed(KEY))
    const third = await client.refresh(second, keyed(OTHER_KEY))
    await client.expectTheft(first, third, keyed(KEY))
  }),
  flow(transport, 'the same key serves one refresh after another', async (client) => {
    const first = await client.signIn()
    const second = await client.refresh(first, keyed(KEY))
    const third = await client.refresh(second, keyed(KEY))
    expect((await client.refresh(second, keyed(KEY))).refresh).toBe(third.refresh)
    await client.expectAlive(third)
  }),
]

/** The refresh that is repeated had no key, and nobody is known to have its answer. Only with a grace. */
const contestedAtOnce = (transport: Transport): readonly Case[] => [
  ...otherAttempts.map(({ name, headers }) =>
    flow(
      transport,
      `a keyed session has no grace: ${name} on the previous token contests a refresh without a key`,
      async (client) => {
        const first = await client.signIn(keyed(SIGN_IN_KEY))
        const second = await client.refresh(first)
        const third = await client.refresh(first, headers)
        expect(third.refresh).not.toBe(second.refresh)
        await client.expectRefused(second.token)
        for (const { token } of [first, third]) await client.expectGood(token)
        expect(audited(client.visitor.host, first.sid, 'refresh.contested')).toHaveLength(1)
        await client.expectTheft(second, third)
      },
    ),
  ),
  flow(transport, 'whoever sends a key has no grace, so the refresh before is contested', async (client) => {
    const first = await client.signIn()
    const second = await client.refresh(first)
    const third = await client.refresh(first, keyed(KEY))
    expect(third.refresh).not.toBe(second.refresh)
    expect((await client.refresh(first, keyed(KEY))).refresh).toBe(third.refresh)
    await client.expectTheft(second, third)
  }),
  flow(transport, 'whoever sends a key has no grace, and the token in use is theft', async (client) => {
    const first = await client.signIn()
    const second = await client.refresh(first)
    await client.expectGood(second.token)
    await client.expectTheft(first, second, keyed(KEY))
  }),
]

const strictly = (transport: Transport): readonly Case[] => [
  flow(transport, 'of refreshes at once without a key exactly one succeeds', async (client) => {
    const { refresh } = await client.signIn()
    const attempt = transport.refreshBy(refresh)
    const replies = await client.visitor.race(Array.from({ length: AT_ONCE }, () => attempt))
    expect(replies.filter((reply) => reply.status === 200)).toHaveLength(1)
    for (const reply of replies) if (reply.status !== 200) expectReply(reply, transport.dead)
  }),
  ...[{}, keyed(KEY)].map((headers) =>
    flow(
      transport,
      `a second use ${'idempotency-key' in headers ? 'with a key' : 'without a key'} of a token that was used without one is theft`,
      async (client) => {
        const first = await client.signIn()
        const second = await client.refresh(first)
        await client.expectTheft(first, second, headers)
      },
    ),
  ),
]

async function expectToldOfTheft(
  { visitor }: Client,
  { sid, sub }: { sid: string; sub: string },
): Promise<void> {
  const about = { sid, sub }
  expect(audited(visitor.host, sid, 'refresh.reused', 'session.ended')).toEqual([
    expect.objectContaining({
      ...about,
      event: 'refresh.reused',
      outcome: 'failure',
      reason: 'token_reused',
    }),
    expect.objectContaining({ ...about, event: 'session.ended', reason: 'refresh.reused' }),
  ])
}

/** With the default grace. */
export const retryKeyFlows: readonly Case[] = transports.flatMap((transport) => [
  ...atOnce(transport),
  ...inKeyedSessions(transport),
  ...contestedAtOnce(transport),
])

/** For hosts with `REUSE_GRACE=0`. */
export const strictRetryKeyFlows: readonly Case[] = transports.flatMap((transport) => [
  ...atOnce(transport),
  ...inKeyedSessions(transport),
  ...strictly(transport),
])
