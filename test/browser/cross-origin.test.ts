import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'
import { type RealBrowser, startBrowser } from './browser.ts'
import { DEMO, press } from './demo.ts'
import { html, type Site, startSite } from './site.ts'

const names = ['express on memory', 'koa on memory', 'fastify on memory'] as const satisfies HostName[]

let browser: RealBrowser
let front: Site
let strict: Hosts
let open: Hosts
beforeAll(async () => {
  browser = await startBrowser()
  front = await startSite(html(DEMO))
  strict = await startHosts({}, names)
  open = await startHosts({ ALLOWED_ORIGINS: `${front.localhost},${front.numeric}` }, names)
})
afterAll(async () => {
  await browser?.close()
  await front?.close()
  await strict?.close()
  await open?.close()
})

/** The demo page of an origin, which asks a server by the name `localhost` and sends further headers. */
function demo(origin: string, server: string, headers: readonly string[] = []): string {
  const url = new URL(origin)
  url.searchParams.set('server', server.replace('127.0.0.1', 'localhost'))
  for (const header of headers) url.searchParams.append('header', header)
  return url.href
}

/** Sends the form of the demo page. Resolves to what the server was sent and answers. */
async function sendForm(page: Page) {
  const answered = page.waitForResponse('**/auth/refresh')
  await page.getByRole('button', { name: 'Refresh by a form' }).click()
  const answer = await answered
  return { status: answer.status(), headers: await answer.request().allHeaders() }
}

describe.each(names)('%s', (name) => {
  test('refuses the page of another site', async () => {
    const page = await browser.visit()
    await page.goto(demo(front.numeric, strict.named(name).url))
    expect(await press(page, 'Sign in', 'Refresh', 'Sign out')).toEqual([
      'Sign in: TypeError',
      'Refresh: TypeError',
      'Sign out: TypeError',
    ])
    const { status, headers } = await sendForm(page)
    expect(headers).toMatchObject({ 'sec-fetch-site': 'cross-site' })
    expect(status).toBe(403)
  })

  test('refuses the page of another origin of the same site, which gets the cookie sent', async () => {
    const page = await browser.visit()
    const server = strict.named(name).url.replace('127.0.0.1', 'localhost')
    await page.goto(server)
    await page.getByRole('button', { name: 'Sign in as alice' }).click()
    await page.getByRole('heading', { name: 'Signed in as alice' }).waitFor()

    await page.goto(demo(front.localhost, server))
    expect(await press(page, 'Sign in', 'Refresh', 'Sign out')).toEqual([
      'Sign in: TypeError',
      'Refresh: TypeError',
      'Sign out: TypeError',
    ])
    const { status, headers } = await sendForm(page)
    expect(headers).toMatchObject({
      'sec-fetch-site': 'same-site',
      cookie: expect.stringContaining('__Host-refresh='),
    })
    expect(status).toBe(403)
  })

  // Tracing puts headers of its own on every request.
  describe.each([[[]], [['baggage', 'sentry-trace']]])(
    'lets in an allowed origin with headers %j',
    (headers) => {
      test('of another site, where the browser keeps no cookie of ours', async () => {
        const page = await browser.visit()
        await page.goto(demo(front.numeric, open.named(name).url, headers))
        expect(await press(page, 'Sign in', 'Sessions', 'Refresh', 'Sign out')).toEqual([
          'Sign in: 200',
          'Sessions: 200',
          'Refresh: 401 invalid_grant',
          'Sign out: 204',
        ])
      })

      test('of the same site', async () => {
        const page = await browser.visit()
        await page.goto(demo(front.localhost, open.named(name).url, headers))
        expect(await press(page, 'Sign in', 'Sessions', 'Refresh', 'Sign out', 'Refresh')).toEqual([
          'Sign in: 200',
          'Sessions: 200',
          'Refresh: 200',
          'Sign out: 204',
          'Refresh: 401 invalid_grant',
        ])
      })
    },
  )
})
