import type { Page } from 'playwright-core'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { READ_ALL } from '../reading.ts'
import { type Site, startSite } from '../site.ts'
import { EXPIRED_MILLISECONDS, startRig } from './rig.ts'
import { rig, setUp, tabs } from './setting.ts'
import { type Asked, ask, pause, signedInAs, signIn, stateOf } from './tabs.ts'

const DAY_MILLISECONDS = 86_400_000

setUp()

async function signedIn(path?: string): Promise<Page> {
  const page = await tabs.open(path)
  expect(await signIn(page, 'alice')).toBe(true)
  return page
}

describe('what a script of the site can read', () => {
  test('is neither the access token nor the refresh token, nor a key that is not needed any more', async () => {
    const page = await signedIn()
    const tokens: string[] = []
    const read: string[] = []
    for (const _round of [1, 2, 3]) {
      await ask(page)
      const cookies = await tabs.context.cookies()
      tokens.push(...cookies.map(({ value }) => value), rig.notes.at(-1)?.token ?? 'none')
      read.push(await page.evaluate<string>(READ_ALL))
      await pause(EXPIRED_MILLISECONDS)
    }
    expect(new Set(tokens).size).toBe(6)
    expect(rig.wire.flights.length).toBeGreaterThanOrEqual(2)
    for (const token of tokens) {
      expect(token.length).toBeGreaterThan(40)
      for (const part of token.split('.')) expect(read.join('\n')).not.toContain(part)
    }
    for (const { key } of rig.wire.flights) expect(read.join('\n')).not.toContain(key)
  })

  test('is the key of a refresh that has no answer, which the next one sends again', async () => {
    const page = await signedIn()
    await pause(EXPIRED_MILLISECONDS)
    rig.wire.once({ kind: 'lost' })
    expect(await ask(page)).toMatchObject({ failed: 'ClientError' })
    expect(await page.evaluate<string>(READ_ALL)).toContain(rig.wire.flights[0]?.key)
    await pause(1100)
    expect(await ask(page)).toEqual(signedInAs('alice'))
    const [first, second] = rig.wire.flights
    expect(second?.key).toBe(first?.key)
    expect(rig.faults()).toEqual([])
  })
})

describe('another origin', () => {
  const seen: (string | undefined)[] = []
  let other: Site
  beforeEach(async () => {
    seen.splice(0)
    other = await startSite((request, response) => {
      response
        .setHeader('Access-Control-Allow-Origin', '*')
        .setHeader('Access-Control-Allow-Headers', 'Authorization')
      if (request.method !== 'OPTIONS') seen.push(request.headers.authorization)
      response.end('heard')
    })
  })
  afterEach(() => other.close())

  test('gets no token', async () => {
    const page = await signedIn()
    await ask(page)
    for (const url of [other.numeric, other.localhost, `//localhost:${new URL(other.localhost).port}/api/me`])
      expect(await ask(page, `'${url}'`)).toEqual({ status: 200, text: 'heard' })
    expect(seen).toEqual([undefined, undefined, undefined])
  })

  test('gets the token if it is one of "origins", to the letter', async () => {
    const page = await signedIn(`/?origin=${other.numeric}`)
    await ask(page)
    await ask(page, `'${other.numeric}/deep'`)
    await ask(page, `'${other.localhost}'`)
    expect(seen).toEqual([expect.stringMatching(/^Bearer ey/), undefined])
  })

  test('gets no token by a redirect', async () => {
    const page = await signedIn()
    await ask(page)
    rig.redirectTo(other.numeric)
    await ask(page, `'/away'`)
    expect(seen).toEqual([undefined])
  })
})

describe('a 401', () => {
  test('of the application is returned as it is', async () => {
    const page = await signedIn()
    const before = rig.notes.length
    const answer = { status: 401, text: JSON.stringify({ error: 'the application says no' }) }
    expect(await ask(page, `'/api/of-its-own'`)).toEqual(answer)
    expect(rig.notes.length - before).toBe(1)
    expect(rig.wire.flights).toEqual([])
    expect(await stateOf(page)).toBe('signed_in')
  })

  const BODIES: Readonly<Record<string, [call: string, arrives: string]>> = {
    'a string': [`'/api/echo', { method: 'POST', body: 'some text' }`, 'some text'],
    'a form': [
      `'/api/echo', { method: 'POST', body: new URLSearchParams({ one: '1', two: '2' }) }`,
      'one=1&two=2',
    ],
    'a form with a file': [
      `'/api/echo', { method: 'POST', body: (() => {
        const form = new FormData()
        form.set('file', new Blob(['in the file']), 'a.txt')
        return form
      })() }`,
      'in the file',
    ],
    'a request': [`new Request('/api/echo', { method: 'POST', body: 'of a request' })`, 'of a request'],
  }

  test.each(Object.entries(BODIES))(
    'because of the token repeats %s once',
    async (_name, [call, arrives]) => {
      const page = await signedIn()
      await rig.sallyport.tokens.revokeAll('alice')
      const before = rig.notes.length
      const { status, text } = await ask(page, call)
      expect(status).toBe(200)
      expect(text).toContain(arrives)
      const [first, second, ...further] = rig.notes.slice(before).map(({ token }) => token)
      expect(second).not.toBe(first)
      expect(further).toEqual([])
      expect(rig.wire.flights.length).toBe(1)
    },
  )

  test('because of the token does not repeat a stream, but the next request has a new token', async () => {
    const page = await signedIn('/?buffered')
    await rig.sallyport.tokens.revokeAll('alice')
    const before = rig.notes.length
    const stream = `new Blob(['a stream']).stream()`
    expect(await ask(page, `'/api/echo', { method: 'POST', duplex: 'half', body: ${stream} }`)).toMatchObject(
      {
        status: 401,
      },
    )
    expect(rig.notes.length - before).toBe(1)
    expect(await ask(page)).toEqual(signedInAs('alice'))
    expect(rig.notes.length - before).toBe(2)
  })
})

test('a 401 because of the token is no answer if no new one can be got now', async () => {
  const page = await signedIn()
  await rig.sallyport.tokens.revokeAll('alice')
  rig.wire.once({ kind: 'down', retryAfterSeconds: 1 })
  expect(await ask(page)).toMatchObject({ failed: 'ClientError', status: 503 })
  expect(await stateOf(page)).toBe('signed_in')
  await pause(1100)
  expect(await ask(page)).toEqual(signedInAs('alice'))
})

/** Due to be renewed after 6 s. It is over after 7 to 8, since `exp` counts whole seconds. */
const LIFETIME_SECONDS = 8
const outcomes = (answers: readonly Asked[]): ReadonlySet<string> =>
  new Set(answers.map(({ failed, status }) => (failed === undefined ? `${status}` : `${failed} ${status}`)))

test('a server that answers refreshes with 503 is left alone, while the token is used on', async () => {
  const rig = await startRig(LIFETIME_SECONDS)
  onTestFinished(rig.close)
  const page = await tabs.open(rig.url)
  const other = await tabs.open(rig.url)
  await signIn(page, 'alice')
  const since = Date.now()
  await ask(other)
  rig.wire.choose(() => ({ kind: 'down', retryAfterSeconds: 4 }))
  await pause(since + 6100 - Date.now())
  const answers: Asked[] = []
  for (let round = 0; round < 10; round++) answers.push(await ask(page), await ask(other))
  expect(outcomes(answers)).toEqual(new Set(['200']))
  const { length } = rig.wire.flights
  expect(length).toBeGreaterThan(0)
  // The tabs count for themselves.
  expect(length).toBeLessThanOrEqual(2)

  await pause(since + 8200 - Date.now())
  const burst = await page.evaluate<Asked[]>(`Promise.all(Array.from({ length: 20 }, () => ask('/api/me')))`)
  expect(outcomes(burst)).toEqual(new Set(['ClientError 503']))
  expect(rig.wire.flights.length).toBe(length)
  expect(await stateOf(page)).toBe('signed_in')

  rig.wire.choose(undefined)
  await pause(4100)
  expect(await ask(page)).toEqual(signedInAs('alice'))
  expect(rig.wire.flights.length).toBe(length + 1)
  expect(await ask(other)).toEqual(signedInAs('alice'))
  expect(rig.wire.flights.length).toBe(length + 1)
  expect(rig.faults()).toEqual([])
})

test.each([
  ['a day behind', -DAY_MILLISECONDS],
  ['a day ahead', DAY_MILLISECONDS],
])('a clock that is %s changes nothing', async (_name, shift) => {
  await tabs.context.addInitScript(`{ const now = Date.now; Date.now = () => now() + ${shift} }`)
  const page = await signedIn()
  const answers = await page.evaluate<Asked[]>(`Promise.all(Array.from({ length: 5 }, () => ask('/api/me')))`)
  expect(answers).toEqual(Array.from({ length: 5 }, () => signedInAs('alice')))
  expect(rig.wire.flights).toEqual([])
  await pause(EXPIRED_MILLISECONDS)
  expect(await ask(page)).toEqual(signedInAs('alice'))
  expect(rig.wire.flights.length).toBe(1)
  expect(rig.notes.filter(({ token }) => token === undefined)).toEqual([])
})
