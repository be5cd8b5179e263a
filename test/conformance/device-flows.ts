import type { Fields } from './client.ts'
import { expectReply } from './expectations.ts'
import type { Case } from './runner.ts'
import { agents, type Visitor } from './visitor.ts'

const from = (agent: string | undefined): Fields => ({ 'user-agent': agent ?? [] })
const shown = (agent: string | undefined): string =>
  Object.entries(agents).find(([, text]) => text === agent)?.[0] ?? agent ?? 'none'

type Agent = string | undefined
interface Change {
  readonly before: Agent
  readonly after: Agent
}

const changes = (before: Agent, ...afters: readonly Agent[]): Change[] =>
  afters.map((after) => ({ before, after }))

/** The same device, though its User-Agent may read otherwise. */
const same: readonly Change[] = [
  ...changes(agents.chrome126, agents.chrome126, agents.chrome127, agents.chrome125),
  ...changes(agents.firefox, agents.firefox.replaceAll('127', '140')),
  ...changes('curl/8.5.0', 'curl/8.5.0', 'curl/9.0'),
  ...changes('MyApp/1.0 (build 7)', 'MyApp/2.0 (build 8)'),
  ...changes(undefined, undefined, ''),
]

/** Another device. */
const others: readonly Change[] = [
  ...changes(agents.chrome126, agents.firefox, agents.edge, agents.chromeOnWindows, agents.chromeOnAndroid),
  ...changes(agents.chrome126, undefined, '', 'curl/8.5.0', 'x'),
  ...changes('curl/8.5.0', 'Wget/1.21', 'MyApp/1.0', undefined),
  ...changes(undefined, agents.chrome126, 'curl/8.5.0'),
  ...changes('', agents.chrome126),
]

async function expectDead(visitor: Visitor, change: Change): Promise<void> {
  const { token, refresh } = await visitor.signIn(visitor.user, from(change.before))
  const bystander = await visitor.signIn(visitor.user)
  const refused = { status: 401, error: 'invalid_grant', cookie: 'kept' } as const
  expectReply(await visitor.refresh(refresh, from(change.after)), refused)
  expectReply(await visitor.me(token), { status: 401, error: 'invalid_token' })
  expectReply(await visitor.refresh(refresh, from(change.before)), refused)
  await visitor.expectAlive(bystander)
}

export const deviceFlows: readonly Case[] = [
  ...same.map(
    (change): Case => ({
      name: `a refresh from ${shown(change.after)} after a log-in from ${shown(change.before)} is served`,
      async play(visitor) {
        const { token, refresh } = await visitor.signIn(visitor.user, from(change.before))
        expectReply(await visitor.refresh(refresh, from(change.after)), { status: 200, cookie: 'set' })
        expectReply(await visitor.me(token), { status: 200 })
      },
    }),
  ),
  ...others.map(
    (change): Case => ({
      name: `a refresh from ${shown(change.after)} after a log-in from ${shown(change.before)} is theft`,
      play: (visitor) => expectDead(visitor, change),
    }),
  ),
  {
    name: 'a native app is bound to its device too',
    async play(visitor) {
      const headers = { 'x-token-transport': 'body', ...from('MyApp/1.0') }
      const { token, refresh } = await visitor.signIn(visitor.user, headers)
      const refused = { status: 400, error: 'invalid_grant' } as const
      expectReply(await visitor.exchange(refresh, {}, from('curl/8.5.0')), refused)
      expectReply(await visitor.me(token), { status: 401, error: 'invalid_token' })
      expectReply(await visitor.exchange(refresh, {}, from('MyApp/1.0')), refused)
    },
  },
  {
    name: 'an access token works from any device: only refreshing is bound',
    async play(visitor) {
      const { token } = await visitor.signIn()
      for (const agent of [agents.firefox, undefined])
        await visitor.expect(
          { path: '/api/me', headers: { authorization: `Bearer ${token}`, ...from(agent) } },
          { status: 200 },
        )
    },
  },
  {
    name: 'the previous cookie from another device is theft, within the grace too',
    async play(visitor) {
      const { token, refresh } = await visitor.signIn()
      expectReply(await visitor.refresh(refresh), { status: 200 })
      expectReply(await visitor.refresh(refresh, from(agents.firefox)), {
        status: 401,
        error: 'invalid_grant',
        cookie: 'kept',
      })
      expectReply(await visitor.me(token), { status: 401, error: 'invalid_token' })
    },
  },
  {
    name: 'a long or odd User-Agent is taken as it is',
    async play(visitor) {
      for (const agent of [
        'x'.repeat(8000),
        '\u00ff\u00fe',
        '{"a":1}',
        "' OR 1=1 --",
        '<script>',
        '%0d%0a',
      ]) {
        const { refresh } = await visitor.signIn(visitor.user, from(agent))
        expectReply(await visitor.refresh(refresh, from(agent)), { status: 200 })
      }
      await visitor.expect(
        { path: '/auth/sessions', headers: { authorization: `Bearer ${(await visitor.signIn()).token}` } },
        { status: 200 },
      )
    },
  },
]
