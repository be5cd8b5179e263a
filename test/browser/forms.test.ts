import { createSallyport } from '@sallyport/express'
import express from 'express'
import helmet from 'helmet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RealBrowser, startBrowser } from './browser.ts'
import { html, type Site, startSite } from './site.ts'

const PASSWORD = 'correct horse battery staple'
const form = (action: string): string => `<!doctype html>
  <link rel="icon" href="data:,">
  <form method="post" action="${action}">
    <input name="username">
    <input name="password" type="password">
    <button>Sign in</button>
  </form>`

let browser: RealBrowser
let app: Site
let other: Site
beforeAll(async () => {
  browser = await startBrowser()
  app = await startSite(await createApp())
  other = await startSite(html(form(`${app.localhost}/login`)))
})
afterAll(async () => {
  await browser?.close()
  await app?.close()
  await other?.close()
})

/** helmet's defaults say `Referrer-Policy: no-referrer`, under which the browser sends forms with `Origin: null`. */
async function createApp(): Promise<express.Express> {
  const sallyport = await createSallyport({
    issuer: 'https://auth.example.test',
    audience: 'https://api.example.test',
    production: false,
  })
  const app = express()
  app.use(helmet())
  app.get('/', (_req, res) => {
    res.send(form('/login'))
  })
  app.post('/login', express.urlencoded(), async (req, res) => {
    const { username, password } = req.body
    if (username !== 'alice' || password !== PASSWORD) res.status(401).end()
    else await sallyport.signIn(req, res, { subject: 'alice' })
  })
  return app
}

/** Sends the form of a page. Resolves to the status, and to the cookies that the browser keeps. */
async function submit(url: string) {
  const page = await browser.visit()
  await page.goto(url)
  await page.locator('[name=username]').fill('alice')
  await page.locator('[name=password]').fill(PASSWORD)
  const answer = page.waitForResponse('**/login')
  await page.getByRole('button').click()
  const { status, request } = { status: (await answer).status(), request: (await answer).request() }
  return { status, headers: await request.allHeaders(), cookies: await page.context().cookies() }
}

test('a form signs in', async () => {
  const { status, headers, cookies } = await submit(app.localhost)
  expect(headers).toMatchObject({ origin: 'null', 'sec-fetch-site': 'same-origin' })
  expect(status).toBe(200)
  expect(cookies).toEqual([
    expect.objectContaining({
      name: '__Host-refresh',
      domain: 'localhost',
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'Strict',
    }),
  ])
})

test('the same form of another site is refused', async () => {
  const { status, headers, cookies } = await submit(other.numeric)
  expect(headers).toMatchObject({ origin: other.numeric, 'sec-fetch-site': 'cross-site' })
  expect(status).toBe(403)
  expect(cookies).toEqual([])
})
