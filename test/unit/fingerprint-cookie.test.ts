import { createSallyport, memoryStore, type SallyportEvent, type SallyportOptions } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { decodeJwt } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { textIn } from '../support/text-in.ts'
import { viewOf } from './view.ts'

let close: () => Promise<void> = async () => {}
afterEach(() => close())

const NAME = '__Host-fgp'

async function start(options: SallyportOptions = {}) {
  const sallyport = await createSallyport({
    ...{ secret: 'a secret of the test, with its 32 bytes', store: memoryStore() },
    cookie: { bindsTokens: true },
    ...options,
  })
  close = () => sallyport.close()
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  const gate = gateOf(sallyport)
  const verify = gate.verifier()
  const [refresh] = gate.routes(['refresh'])
  const cookiesIn = (cookies: readonly string[] = []): Record<string, string> =>
    Object.fromEntries(cookies.map((one) => (one.split(';', 1)[0] ?? '').split('=', 2) as [string, string]))
  const sent = (cookies: Readonly<Record<string, string>>): string =>
    Object.entries(cookies)
      .map(([name, value]) => `${name}=${value}`)
      .join('; ')
  return {
    ...{ sallyport, gate, events, cookiesIn, sent },
    async signIn(headers: Readonly<Record<string, string>> = {}) {
      const { body = '', cookies } = await gate.signIn(viewOf({ headers }), { subject: 'user-1' })
      return { token: (JSON.parse(textIn(body)) as { access_token: string }).access_token, cookies }
    },
    async use(token: string, cookie?: string) {
      const headers = { authorization: `Bearer ${token}`, ...(cookie === undefined ? {} : { cookie }) }
      return (await verify(viewOf({ headers }))).kind
    },
    refresh: async (cookie: string) => refresh?.handle(viewOf({ headers: { cookie } })),
  }
}

describe('a token that is bound to a cookie', () => {
  test('is refused without it, and with the cookie of another browser', async () => {
    const { signIn, use, events, cookiesIn, sent } = await start()
    const [mine, theirs] = [await signIn(), await signIn()]
    const own = cookiesIn(mine.cookies)[NAME] ?? ''
    expect(await use(mine.token, sent({ [NAME]: own }))).toBe('allow')
    expect(await use(mine.token, sent({ other: 'x', [NAME]: own }))).toBe('allow')
    for (const cookie of [
      undefined,
      '',
      sent({ [NAME]: cookiesIn(theirs.cookies)[NAME] ?? '' }),
      sent({ [NAME]: own.slice(1) }),
      sent({ [NAME]: decodeJwt<{ fgp: string }>(mine.token).fgp }),
      `${NAME}=${own}; ${NAME}=${cookiesIn(theirs.cookies)[NAME]}`,
    ])
      expect(await use(mine.token, cookie)).toBe('refuse')
    expect(events.at(-1)).toMatchObject({ event: 'token.refused', reason: 'token_cookie' })
    expect(await use(mine.token, sent({ [NAME]: own }))).toBe('allow')
  })

  test('is not verified where no request is', async () => {
    const { sallyport, signIn } = await start()
    const { token } = await signIn()
    expect(await sallyport.tokens.verify(token)).toMatchObject({ kind: 'refused', problem: 'token_invalid' })
  })

  test('has a cookie that no page can read, and that lives as long as the refresh cookie', async () => {
    const { signIn } = await start()
    const { cookies } = await signIn()
    const [refresh = '', fgp = ''] = cookies
    expect(fgp).toMatch(/^__Host-fgp=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; Secure; SameSite=Strict$/)
    expect(/Max-Age=\d+/.exec(fgp)?.[0]).toBe(/Max-Age=\d+/.exec(refresh)?.[0])
  })
})

test('a refresh needs the cookie, keeps it, and gives tokens that are bound to it', async () => {
  const { signIn, use, refresh, cookiesIn, sent, events } = await start()
  const { cookies } = await signIn()
  const { [NAME]: fgp = '', ...rest } = cookiesIn(cookies)
  const refused = await refresh(sent(rest))
  expect(refused).toMatchObject({ status: 401, cookies: [] })
  expect(events.at(-1)).toMatchObject({ event: 'request.refused', reason: 'refresh_unproven' })
  const answer = await refresh(sent({ ...rest, [NAME]: fgp }))
  expect(answer?.status).toBe(200)
  expect(cookiesIn(answer?.cookies)[NAME]).toBe(fgp)
  const { access_token: token } = JSON.parse(textIn(answer?.body)) as { access_token: string }
  expect([await use(token, sent({ [NAME]: fgp })), await use(token)]).toEqual(['allow', 'refuse'])
})

test('the session of a page is found by both cookies alone', async () => {
  const { gate, signIn, cookiesIn, sent } = await start()
  const { cookies } = await signIn()
  const { [NAME]: fgp = '', ...rest } = cookiesIn(cookies)
  const find = (cookie: string) => gate.sessions.find(viewOf({ method: 'GET', headers: { cookie } }))
  expect(await find(sent(rest))).toBeUndefined()
  expect(await find(sent({ ...rest, [NAME]: fgp }))).toMatchObject({ subject: 'user-1' })
})

test('native apps get no such cookie, and their tokens are bound to none', async () => {
  const { signIn, use } = await start()
  const { token, cookies } = await signIn({ 'x-token-transport': 'body' })
  expect(cookies).toEqual([])
  expect(await use(token)).toBe('allow')
})

test('by default nothing is bound, and a token from before is good', async () => {
  const { sallyport, signIn, use } = await start({ cookie: {} })
  const { token, cookies } = await signIn()
  expect(cookies).toHaveLength(1)
  expect(decodeJwt(token).fgp).toBeUndefined()
  const [session] = await sallyport.sessions.list('user-1')
  expect(session).not.toHaveProperty('boundTo')
  expect(await use(token)).toBe('allow')
})

test('an application cannot give its tokens another hash', async () => {
  const { signIn } = await start({ claims: { of: () => ({ fgp: 'A'.repeat(43) }) } })
  await expect(signIn()).rejects.toThrow('fgp')
})
