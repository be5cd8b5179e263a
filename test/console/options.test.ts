import { createConsole } from '@sallyport/console'
import { createSallyport, memoryStore, type Sallyport } from '@sallyport/core'
import { type Guard, gateOf } from '@sallyport/core/adapter'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { textIn } from '../support/text-in.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'
import { viewOf } from '../unit/view.ts'

let sallyport: Sallyport
beforeAll(async () => {
  sallyport = await createSallyport()
})
afterAll(() => sallyport.close())

const wrong: readonly WrongOption[] = [
  {
    name: 'an unknown option',
    options: { titel: 'x' },
    option: 'console.titel',
    says: 'unknown option "console.titel" (did you mean "console.title"?)',
  },
  {
    name: 'a title of two lines',
    options: { title: 'a\nb' },
    option: 'console.title',
    allowed: '1 to 80 characters',
    given: '"a\\nb"',
  },
  {
    name: 'a path without its slash',
    options: { authPath: 'auth' },
    option: 'console.authPath',
    allowed: 'a path such as "/account"',
    given: '"auth"',
  },
  {
    name: 'a path with a slash at its end',
    options: { operatorPath: '/operator/' },
    option: 'console.operatorPath',
    allowed: 'a path such as',
    given: '"/operator/"',
  },
  {
    name: 'a route on another host',
    options: { signIn: '//evil.example/login' },
    option: 'console.signIn',
    allowed: 'a path such as "/auth/login"',
    given: '"//evil.example/login"',
  },
  {
    name: 'a password route that is on',
    options: { password: true },
    option: 'console.password',
    allowed: 'or `false`',
    given: 'true',
  },
  {
    name: 'no users of a demo',
    options: { demo: { users: [], password: 'x' } },
    option: 'console.demo.users',
    allowed: 'an array of user names',
    given: 'an empty array',
  },
  {
    name: 'an operator without a scope',
    options: { operator: {} },
    option: 'console.operator.scope',
    says: '"console.operator.scope" is required: give a scope such as "operator"',
  },
  {
    name: 'two scopes in one',
    options: { operator: { scope: 'admin users' } },
    option: 'console.operator.scope',
    allowed: 'a scope such as "operator"',
    given: '"admin users"',
  },
  {
    name: 'a guard that is none',
    options: { operator: { scope: 'admin', guards: ['admin'] } },
    option: 'console.operator.guards.0',
    allowed: 'a function (auth, view) => verdict',
    given: '"admin"',
  },
]

describe('a console is refused', () => {
  test.each(wrong)('with $name', async (one) => {
    // @ts-expect-error what an application without types may give
    const fault = await configFault(() => createConsole(sallyport, one.options))
    expectRefusal(fault, one)
  })
})

const pageOf = async (options: object): Promise<string> => {
  const [page] = createConsole(sallyport, options).account
  return textIn((await page?.handle(viewOf({ method: 'GET' })))?.body)
}

test('without the option, nobody is an operator', async () => {
  const { operator } = createConsole(sallyport)
  expect(operator).toEqual([])
  expect(await pageOf({})).toContain('&#34;operatorPath&#34;:null')
})

test('a page has its configuration, and nothing in it leaves its attribute', async () => {
  const title = `"><script>alert(1)</script>&'`
  const html = await pageOf({ title, accountPath: '', operator: { scope: 'admin' } })
  expect(html.match(/<script/g)).toHaveLength(1)
  expect(html).toContain('src="/account.js"')
  const [, content = ''] = /<meta name="sallyport" content="([^"]*)"/.exec(html) ?? []
  const read = content.replace(/&#(\d+);/g, (_all, code) => String.fromCharCode(Number(code)))
  expect(JSON.parse(read)).toMatchObject({
    ...{ title, authPath: '/auth', signIn: '/auth/login', password: '/auth/password' },
    ...{ stepUp: '/auth/step-up', accountPath: '', operatorPath: '/operator' },
  })
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/)
})

test('an asset that has not changed is not sent again', async () => {
  const script = createConsole(sallyport).account.find(({ path }) => path === '/account.js')
  const first = await script?.handle(viewOf({ method: 'GET' }))
  expect([first?.status, first?.headers['Cache-Control']]).toEqual([200, 'no-cache'])
  const headers = { 'if-none-match': first?.headers.ETag }
  const again = await script?.handle(viewOf({ method: 'GET', headers }))
  expect([again?.status, again?.body]).toEqual([304, undefined])
  const other = await script?.handle(viewOf({ method: 'GET', headers: { 'if-none-match': '"x"' } }))
  expect(other?.status).toBe(200)
})

test('while the store is away, an operator is answered 503, and may try again', async () => {
  let isAway = false
  const unreliable = await createSallyport({
    store: {
      ...memoryStore(),
      async open(context) {
        const store = await memoryStore().open(context)
        const endSubject: typeof store.sessions.endSubject = async (given) =>
          isAway ? { kind: 'unavailable' } : store.sessions.endSubject(given)
        return { ...store, sessions: { ...store.sessions, endSubject } }
      },
    },
  })
  try {
    const gate = gateOf(unreliable)
    const { operator } = createConsole(unreliable, { operator: { scope: 'admin' } })
    const revoke = operator.find(({ path }) => path === '/api/users/:subject/revoke')
    const { body } = await gate.signIn(viewOf({}), { subject: 'operator', scope: ['admin'] })
    await gate.signIn(viewOf({}), { subject: 'user' })
    const { access_token: token } = JSON.parse(textIn(body)) as { access_token: string }
    const ask = async () => {
      const headers = { authorization: `Bearer ${token}` }
      const answer = await revoke?.handle(viewOf({ headers, params: { subject: 'user' } }))
      return [answer?.status, JSON.parse(textIn(answer?.body))]
    }
    isAway = true
    expect(await ask()).toEqual([503, expect.objectContaining({ error: 'temporarily_unavailable' })])
    isAway = false
    expect(await ask()).toEqual([200, { ended: 1 }])
  } finally {
    await unreliable.close()
  }
})

test('guards of the application are asked after the scope', async () => {
  const asked: string[] = []
  const never: Guard = (auth) => {
    asked.push(auth.subject)
    return { kind: 'refuse', problem: 'access_denied' }
  }
  const strict = await createSallyport({ refusals: 'throw' })
  try {
    const { operator } = createConsole(strict, { operator: { scope: 'admin', guards: [never] } })
    const overview = operator.find(({ path }) => path === '/api/overview')
    const ask = async (scope: string[]) => {
      const { body } = await gateOf(strict).signIn(viewOf({}), { subject: scope.join() || 'user', scope })
      const { access_token: token } = JSON.parse(textIn(body)) as { access_token: string }
      const headers = { authorization: `Bearer ${token}` }
      const answer = await overview?.handle(viewOf({ method: 'GET', headers }))
      return [answer?.status, JSON.parse(textIn(answer?.body)).error]
    }
    expect(await ask([])).toEqual([403, 'insufficient_scope'])
    expect(await ask(['admin'])).toEqual([403, 'access_denied'])
    expect(asked).toEqual(['admin'])
  } finally {
    await strict.close()
  }
})
