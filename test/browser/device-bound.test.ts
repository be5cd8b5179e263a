import { createHash, X509Certificate } from 'node:crypto'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSallyport, type ExpressSallyport } from '@sallyport/express'
import express from 'express'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { certificateForLocalhost } from '../support/certificate.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { type RealBrowser, startBrowser } from './browser.ts'

const BOUND = '__Host-bound'
const MINUTE = 60_000
const PAGE =
  '<!doctype html><title>A page</title><link rel=icon href=data:,><form method=post action=/form><button>Sign in</button></form>'

interface Seen {
  readonly path: string
  readonly status: number
  readonly site: string | undefined
  readonly hasProof: boolean
}

let browser: RealBrowser
let sallyport: ExpressSallyport
let server: Server
let url: string
/** Two origins of one site. */
let front: string
let back: string
let clock: TurnedClock
/** What has reached the server, in the order of its answers. */
const seen: Seen[] = []

beforeAll(async () => {
  clock = turnedClock(Date.now())
  const tls = certificateForLocalhost()
  const { publicKey } = new X509Certificate(tls.cert)
  const pin = createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('base64')
  server = createServer(tls)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  url = `https://localhost:${port}`
  front = `https://app.example.test:${port}`
  back = `https://auth.example.test:${port}`
  sallyport = await createSallyport({
    ...{ clock, deviceBoundSessions: { paths: ['/files'] } },
    secret: 'a secret of the test, with its 32 bytes',
    origins: { allowed: [front] },
  })
  const app = express()
  app.use((req, res, next) => {
    res.once('finish', () =>
      seen.push({
        path: req.originalUrl,
        status: res.statusCode,
        site: req.get('sec-fetch-site'),
        hasProof: req.get('secure-session-response') !== undefined,
      }),
    )
    next()
  })
  app.get('/', (_req, res) => void res.type('html').send(PAGE))
  app.post('/sign-in', (req, res) =>
    sallyport.signIn(req, res, { subject: String(req.query.as ?? 'user-1') }),
  )
  app.post('/form', async (req, res) => {
    await sallyport.sessions.start(req, res, { subject: 'user-1' })
    res.redirect(303, '/')
  })
  app.get('/files/one', async (req, res) => {
    const session = await sallyport.sessions.find(req, res)
    res
      .status(session === undefined ? 404 : 200)
      .type('html')
      .send(PAGE)
  })
  app.get('/api/me', sallyport.authMiddleware(), (_req, res) => void res.json({}))
  app.use('/auth', sallyport.router('refresh', 'logout'))

  server.on('request', app)
  browser = await startBrowser({
    switches: [
      // A key in software, since machines that run tests have no TPM. Over a certificate that is only put up with, Chromium
      // registers nothing, so this one counts as good.
      '--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting',
      `--ignore-certificate-errors-spki-list=${pin}`,
      '--host-resolver-rules=MAP *.example.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    ],
  })
})
afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
  await sallyport?.close()
})

const paths = (): string[] => seen.map(({ path, status }) => `${path} ${status}`)
const post = (page: Page, path: string): Promise<number> =>
  page.evaluate(async (to) => (await fetch(to, { method: 'POST', credentials: 'include' })).status, path)
const cookieOf = async (page: Page, name: string, at = url): Promise<string | undefined> =>
  (await page.context().cookies(at)).find((cookie) => cookie.name === name)?.value

/** A page of a visitor who has signed in, whose browser has registered its key and got the cookie. */
async function signedIn(): Promise<Page> {
  const page = await browser.another({ width: 800, height: 600 })
  await page.goto(url)
  seen.length = 0
  expect(await post(page, '/sign-in')).toBe(200)
  await vi.waitFor(async () => expect(await cookieOf(page, BOUND)).toBeDefined(), 10_000)
  return page
}

/** As if it had run out. */
const dropBound = (page: Page): Promise<void> => page.context().clearCookies({ name: BOUND })

describe('a real browser', () => {
  beforeEach(() => {
    seen.length = 0
  })

  test('registers a key after the sign-in, from its own site', async () => {
    const page = await signedIn()
    expect(seen.slice(0, 2)).toEqual([
      { path: '/sign-in', status: 200, site: 'same-origin', hasProof: false },
      { path: '/auth/dbsc/registration', status: 200, site: 'same-origin', hasProof: true },
    ])
    const [session] = await sallyport.sessions.list('user-1')
    expect(session?.boundKey).toMatchObject({ alg: 'ES256', jwk: { kty: 'EC', crv: 'P-256' } })
    expect((await page.context().cookies(url)).find(({ name }) => name === BOUND)).toMatchObject({
      ...{ secure: true, httpOnly: true, sameSite: 'Strict', path: '/' },
    })
    await page.context().close()
  })

  test('registers one after a form that redirects, too', async () => {
    const page = await browser.another({ width: 800, height: 600 })
    await page.goto(url)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await vi.waitFor(async () => expect(await cookieOf(page, BOUND)).toBeDefined(), 10_000)
    await page.context().close()
  })

  test('proves its key before a refresh once the cookie has run out, and not for other requests', async () => {
    const page = await signedIn()
    clock.turn(12 * MINUTE)
    await dropBound(page)
    seen.length = 0
    expect(await post(page, '/api/me')).toBe(404)
    expect(paths()).toEqual(['/api/me 404'])
    seen.length = 0
    expect(await post(page, '/auth/refresh')).toBe(200)
    expect(paths().slice(0, 2)).toEqual(['/auth/dbsc/refresh 403', '/auth/dbsc/refresh 200'])
    expect(paths()).toContain('/auth/refresh 200')
    expect(
      seen
        .filter(({ path }) => path === '/auth/dbsc/refresh')
        .map(({ hasProof }) => hasProof)
        .slice(0, 2),
    ).toEqual([false, true])
    expect(await cookieOf(page, BOUND)).toBeDefined()
    await page.context().close()
  })

  test('proves it before it opens a page at a path that was named', async () => {
    const page = await signedIn()
    clock.turn(12 * MINUTE)
    await dropBound(page)
    seen.length = 0
    expect((await page.goto(`${url}/files/one`))?.status()).toBe(200)
    expect(paths()).toContain('/auth/dbsc/refresh 200')
    await page.context().close()
  })

  test('has what no copy of its cookies has', async () => {
    const page = await signedIn()
    const copied = await page.context().cookies(url)
    clock.turn(12 * MINUTE)
    const thief = await browser.another({ width: 800, height: 600 })
    await thief.goto(url)
    await thief.context().addCookies(copied)
    seen.length = 0
    expect(await post(thief, '/auth/refresh')).toBe(401)
    expect(paths()).toEqual(['/auth/refresh 401'])
    await dropBound(page)
    expect(await post(page, '/auth/refresh')).toBe(200)
    await thief.context().close()
    await page.context().close()
  })

  test('forgets the key of a session that has ended, and binds the next one', async () => {
    const page = await signedIn()
    clock.turn(MINUTE)
    expect(await post(page, '/auth/logout')).toBe(204)
    expect(await cookieOf(page, BOUND)).toBeUndefined()
    seen.length = 0
    expect(await post(page, '/auth/refresh')).toBe(401)
    expect(paths()).toEqual(['/auth/dbsc/refresh 200', '/auth/refresh 401'])
    seen.length = 0
    expect(await post(page, '/auth/refresh')).toBe(401)
    expect(paths()).toEqual(['/auth/refresh 401'])

    expect(await post(page, '/sign-in')).toBe(200)
    await vi.waitFor(async () => expect(await cookieOf(page, BOUND)).toBeDefined(), 10_000)
    clock.turn(12 * MINUTE)
    await dropBound(page)
    expect(await post(page, '/auth/refresh')).toBe(200)
    await page.context().close()
  })

  test('keeps the later of two sessions of different users', async () => {
    const page = await signedIn()
    await post(page, '/sign-in?as=user-2')
    await vi.waitFor(
      () => expect(paths().filter((one) => one === '/auth/dbsc/registration 200')).toHaveLength(2),
      10_000,
    )
    clock.turn(12 * MINUTE)
    await dropBound(page)
    expect(await post(page, '/auth/refresh')).toBe(200)
    clock.turn(12 * MINUTE)
    await dropBound(page)
    expect(await post(page, '/auth/refresh')).toBe(200)
    await page.context().close()
  })

  test('does all of it for a page of another origin of the same site', async () => {
    const page = await browser.another({ width: 800, height: 600 })
    await page.goto(front)
    expect(await post(page, `${back}/sign-in`)).toBe(200)
    await vi.waitFor(async () => expect(await cookieOf(page, BOUND, back)).toBeDefined(), 10_000)
    clock.turn(12 * MINUTE)
    await dropBound(page)
    seen.length = 0
    expect(await post(page, `${back}/auth/refresh`)).toBe(200)
    expect(seen.slice(0, 2)).toEqual([
      { path: '/auth/dbsc/refresh', status: 403, site: 'same-origin', hasProof: false },
      { path: '/auth/dbsc/refresh', status: 200, site: 'same-origin', hasProof: true },
    ])
    await page.context().close()
  })
})
