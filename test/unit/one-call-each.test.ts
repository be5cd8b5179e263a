import { createSallyport, memoryStore, type Sallyport } from '@sallyport/core'
import { type Answer, type Gate, gateOf } from '@sallyport/core/adapter'
import { afterEach, describe, expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { viewOf } from './view.ts'

// The table "One call for each case" of docs/guide/endings.md.

interface Tokens {
  readonly sid: string
  readonly access: string
  cookie: string
}

/** Somebody who signed in on two devices and has an API key, and somebody else. */
interface World {
  readonly sallyport: Sallyport
  readonly gate: Gate
  readonly here: Tokens
  readonly elsewhere: Tokens
  readonly key: string
  readonly somebodyElse: Tokens
  post(path: string, headers: Readonly<Record<string, string>>): Promise<Answer | undefined>
}

let sallyport: Sallyport
afterEach(() => sallyport?.close())

async function world(allowList: boolean): Promise<World> {
  const secret = 'a secret of the test, with its 32 bytes'
  sallyport = await createSallyport({ secret, store: memoryStore(), apiKeys: {}, allowList })
  const gate = gateOf(sallyport)
  const signIn = async (subject: string) =>
    tokensOf(await gate.signIn(viewOf({}), { subject, scope: ['read', 'write'] }))
  const made = await sallyport.apiKeys.create('user', { name: 'a script', scope: ['read'] })
  const routes = gate.routes(['logout', 'refresh'])
  return {
    ...{ sallyport, gate, key: made.kind === 'created' ? made.key : '' },
    ...{ here: await signIn('user'), elsewhere: await signIn('user'), somebodyElse: await signIn('other') },
    async post(path, headers) {
      return routes.find((route) => route.path === path)?.handle(viewOf({ method: 'POST', headers }))
    },
  }
}

function tokensOf({ body, cookies }: Pick<Answer, 'body' | 'cookies'>): Tokens {
  const access: string = JSON.parse(textIn(body)).access_token
  const { sid } = JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString())
  return { sid, access, cookie: cookieIn(cookies) }
}

const cookieIn = (cookies: readonly string[]): string => cookies[0]?.split(';')[0] ?? ''
const bearer = ({ access }: Pick<Tokens, 'access'>) => ({ authorization: `Bearer ${access}` })

async function isAccepted({ gate }: World, access: string): Promise<boolean> {
  const verify = gate.verifier({ apiKeys: 'accept' })
  return (await verify(viewOf({ method: 'GET', headers: bearer({ access }) }))).kind === 'allow'
}

/** What is left of a session: its access token, and whether it goes on; of the API key, whether it is accepted. */
async function left(at: World): Promise<Record<string, string>> {
  async function leftOf({ access, cookie }: Tokens): Promise<string> {
    const accepted = await isAccepted(at, access)
    const refreshed = (await at.post('/refresh', { cookie }))?.status === 200
    if (!refreshed) return accepted ? 'the token' : 'nothing'
    return accepted ? 'all' : 'the session'
  }
  return {
    here: await leftOf(at.here),
    elsewhere: await leftOf(at.elsewhere),
    key: (await isAccepted(at, at.key)) ? 'all' : 'nothing',
    somebodyElse: await leftOf(at.somebodyElse),
  }
}

interface Row {
  readonly name: string
  readonly call: (at: World) => Promise<unknown>
  /** What is not named is left as it is. */
  readonly leaves: Readonly<Record<string, string>>
}

const none = { here: 'nothing', elsewhere: 'nothing' }
const rows: readonly Row[] = [
  { name: 'nothing happened', call: async () => {}, leaves: {} },
  {
    name: 'a log-out, by the route',
    call: ({ post, here }) => post('/logout', { cookie: here.cookie }),
    leaves: { here: 'nothing' },
  },
  {
    name: 'a log-out, by the call',
    call: ({ gate, here }) => gate.sessions.end(viewOf({ headers: bearer(here) })),
    leaves: { here: 'nothing' },
  },
  {
    name: 'a log-out everywhere, by the route',
    call: ({ post, here }) => post('/logout-all', bearer(here)),
    leaves: none,
  },
  {
    name: 'a log-out everywhere, by the call',
    call: ({ sallyport: { sessions } }) => sessions.revokeAll('user'),
    leaves: none,
  },
  {
    name: 'one device, by the route',
    async call({ gate, here, elsewhere }) {
      const route = gate.routes(['sessions']).find(({ path }) => path === '/sessions/:id')
      const params = { id: elsewhere.sid }
      return route?.handle(viewOf({ method: 'DELETE', headers: bearer(here), params }))
    },
    leaves: { elsewhere: 'nothing' },
  },
  {
    name: 'one device, by the call',
    call: ({ sallyport: { sessions }, elsewhere }) => sessions.revoke(elsewhere.sid),
    leaves: { elsewhere: 'nothing' },
  },
  {
    name: 'another password',
    async call({ sallyport: { tokens }, gate, here }) {
      const verdict = await tokens.verify(here.access)
      if (verdict.kind !== 'valid') throw new Error('refused')
      const { cookies } = await gate.sessions.revokeOthers({ ip: undefined, headers: {} }, verdict.auth)
      here.cookie = cookieIn(cookies)
    },
    leaves: { elsewhere: 'nothing' },
  },
  {
    name: 'fewer rights, by scope',
    call: ({ sallyport: { sessions } }) => sessions.update('user', { scope: ['read'] }),
    leaves: { here: 'the session', elsewhere: 'the session' },
  },
  {
    name: 'fewer rights, by claims',
    call: ({ sallyport: { tokens } }) => tokens.revokeAll('user'),
    leaves: { here: 'the session', elsewhere: 'the session' },
  },
  {
    name: 'an account that is closed',
    call: (at) => at.sallyport.forgetUser('user'),
    leaves: { ...none, key: 'nothing' },
  },
  {
    name: 'a break-in',
    call: (at) => at.sallyport.revokeAll(),
    leaves: { ...none, key: 'nothing', somebodyElse: 'nothing' },
  },
]

describe.each([false, true])('with an allow-list: %s', (allowList) => {
  test.each(rows)('$name', async ({ call, leaves }) => {
    const at = await world(allowList)
    await call(at)
    const untouched = { here: 'all', elsewhere: 'all', key: 'all', somebodyElse: 'all' }
    expect(await left(at)).toEqual({ ...untouched, ...leaves })
  })
})
