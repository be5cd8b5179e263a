import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'
import { type RealBrowser, startBrowser } from './browser.ts'
import { READ_ALL } from './reading.ts'

const names = ['express on memory', 'koa on memory', 'fastify on memory'] as const satisfies HostName[]

/** What somebody gets into the page of ours. Whatever runs says so. */
const INJECTED = `
  <script>ran('inline')</script>
  <script nonce="guessed">ran('nonce')</script>
  <script type="module">ran('module')</script>
  <script src="data:text/javascript,ran('data')"></script>
  <img src="data:," onerror="ran('error')">
  <svg onload="ran('load')"></svg>
  <iframe srcdoc="<script>parent.ran('srcdoc')</script>"></iframe>
  <iframe src="javascript:parent.ran('frame')"></iframe>
  <a id="link" href="javascript:ran('link')">link</a>
  <script src="/account.js?" onload="ran('file')"></script>
  <script src="/healthz?callback=ran" onload="ran('answer')"></script>`
/** What runs without the policy. The answer of an API does not: it says `nosniff`. */
const RUNNING = ['inline', 'nonce', 'module', 'data', 'error', 'load', 'srcdoc', 'frame', 'link', 'file']

let browser: RealBrowser
let hosts: Hosts
beforeAll(async () => {
  browser = await startBrowser()
  hosts = await startHosts({}, names)
})
afterAll(async () => {
  await browser?.close()
  await hosts?.close()
})

/** Opens the demo page with what was injected. Resolves to what of it ran. */
async function inject(page: Page, url: string, isProtected: boolean): Promise<ReadonlySet<string>> {
  const said = new Set<string>()
  await page.exposeFunction('ran', (name: string) => void said.add(name))
  await page.route(`${url}/`, async (route) => {
    const answer = await route.fetch()
    const { 'content-security-policy': policy = '', ...others } = answer.headers()
    const body = (await answer.text()).replace('</body>', `${INJECTED}</body>`)
    const headers = isProtected ? { ...others, 'content-security-policy': policy } : others
    await route.fulfill({ status: 200, headers, body })
  })
  // The page's own script puts its content in the place of what was injected.
  await page.route('**/account.js', (route) => route.abort())
  await page.goto(url)
  await page.locator('#link').click()
  await page.waitForLoadState('networkidle')
  return said
}

describe.each(names)('the demo page of %s', (name) => {
  const url = (): string => hosts.named(name).url.replace('127.0.0.1', 'localhost')

  test('runs no script that gets into it', async () => {
    const page = await browser.another({ width: 800, height: 600 })
    expect(await inject(page, url(), true)).toEqual(new Set())
    await page.context().close()
  })

  test('keeps no token where a script of its origin could read it', async () => {
    const page = await browser.visit()
    await page.goto(url())
    const answered = page.waitForResponse('**/auth/login')
    await page.getByRole('button', { name: 'Sign in as alice' }).click()
    const { access_token: token } = await (await answered).json()
    await page.getByRole('heading', { name: 'Signed in as alice' }).waitFor()
    const cookies = await page.context().cookies()
    const read = await page.evaluate<string>(READ_ALL)
    expect(read).toContain('Signed in as')
    for (const secret of [token, ...cookies.map(({ value }) => value)])
      for (const part of String(secret).split('.')) {
        expect(part.length).toBeGreaterThan(8)
        expect(read).not.toContain(part)
      }
  })
})

test('without its policy, the page would run them', async () => {
  const page = await browser.another({ width: 800, height: 600 })
  const said = await inject(
    page,
    hosts.named('express on memory').url.replace('127.0.0.1', 'localhost'),
    false,
  )
  await vi.waitFor(() => expect(said).toEqual(new Set(RUNNING)), { timeout: 5000 })
  await page.context().close()
})
