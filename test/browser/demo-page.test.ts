import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ServerProcess, startServer } from '../support/processes.ts'
import { type RealBrowser, startBrowser } from './browser.ts'

const PHONE = { width: 390, height: 844 }
const DESK = { width: 1280, height: 800 }
const SEEN_WITHIN_MS = 6000

let browser: RealBrowser
let server: ServerProcess
const pages: Page[] = []
beforeAll(async () => {
  browser = await startBrowser()
  server = await startServer('express')
})
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

interface Visit {
  readonly page: Page
  /** What the browser's console says in red. */
  readonly errors: readonly string[]
}

async function visit(viewport: typeof PHONE): Promise<Visit> {
  const page = await browser.another(viewport)
  pages.push(page)
  const errors: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('pageerror', (fault) => errors.push(fault.message))
  await page.goto(server.url.replace('127.0.0.1', 'localhost'))
  await page.getByRole('heading', { name: /^(Sign in|You are signed in)/ }).waitFor()
  return { page, errors }
}

async function signedIn(name: string, viewport: typeof PHONE): Promise<Visit> {
  const visited = await visit(viewport)
  await visited.page.getByRole('button', { name: `Sign in as ${name}` }).click()
  await visited.page.getByRole('heading', { name: `You are signed in as ${name}` }).waitFor()
  return visited
}

interface Line {
  readonly text: string
  readonly lines: number
}

/** Runs in the page: the lines that the text of each element takes. */
const COUNT_LINES = `(selector) =>
  [...document.querySelectorAll(selector)].map((element) => {
    const range = document.createRange()
    range.selectNodeContents(element)
    const ends = [...range.getClientRects()].filter(({ width }) => width > 0).map(({ bottom }) => bottom)
    const lineHeight = Number.parseFloat(getComputedStyle(element).lineHeight)
    const lines = Math.round((Math.max(...ends) - Math.min(...ends)) / lineHeight) + 1
    return { text: element.textContent, lines }
  })`

describe('the demo page', () => {
  test('opens without an error in the console, and with an icon', async () => {
    const { page, errors } = await visit(DESK)
    await page.waitForLoadState('networkidle')
    expect(errors).toEqual([])
    const icon = await page.locator('link[rel=icon]').getAttribute('href')
    const answer = await page.request.get(new URL(icon ?? 'none', page.url()).href)
    expect([answer.status(), answer.headers()['content-type']]).toEqual([
      200,
      expect.stringContaining('image/svg+xml'),
    ])
  })

  test('keeps a session over a reload, with the name of the user', async () => {
    const { page, errors } = await signedIn('bob', DESK)
    await page.reload()
    await page.getByRole('heading', { name: 'You are signed in as bob' }).waitFor()
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await page.getByText('You are signed out.').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(errors).toEqual([])
  })

  test('shows by itself that another device has signed it out', async () => {
    const { page: phone } = await signedIn('alice', PHONE)
    const { page: desk } = await signedIn('alice', DESK)
    const others = desk.getByRole('button', { name: /^Sign out .+, signed in/ })
    expect(await others.count()).toBe(1)
    await others.click()
    await desk.getByText(/is signed out\.$/).waitFor()

    const message = phone.locator('#message.note')
    await message.waitFor({ timeout: SEEN_WITHIN_MS })
    expect(await message.innerText()).toMatch(/^This device was signed out/)
    expect(await phone.getByRole('heading', { name: 'Sign in' }).isVisible()).toBe(true)
    expect(await desk.getByRole('heading', { name: 'You are signed in as alice' }).isVisible()).toBe(true)
  })

  test('fits on a phone: no line breaks more than once, no button at all, and nothing is cut off', async () => {
    await signedIn('admin', DESK)
    const { page } = await signedIn('admin', PHONE)
    const linesOf = (selector: string): Promise<readonly Line[]> =>
      page.evaluate<readonly Line[]>(`(${COUNT_LINES})(${JSON.stringify(selector)})`)
    const texts = await linesOf('h1, h2, dt, dd, #devices p:not(.quiet), #devices .quiet > span')
    expect(texts.length).toBeGreaterThan(10)
    expect(texts.filter(({ lines }) => lines > 2)).toEqual([])
    const buttons = await linesOf('#signed-in button')
    expect(buttons.length).toBeGreaterThan(3)
    expect(buttons.filter(({ lines }) => lines > 1)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(PHONE.width)
  })
})

test('the server of the demo starts without a warning', async () => {
  const started = await startServer('express')
  await started.stop()
  expect(started.errors).toEqual([expect.stringMatching(/^demo: sign in as alice/)])
})
