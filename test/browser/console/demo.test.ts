import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Framework, type ServerProcess, startServer } from '../../support/processes.ts'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { createVisits, DESK, PHONE } from './visitors.ts'

const frameworks: readonly Framework[] = ['express', 'koa', 'fastify']

let browser: RealBrowser
let server: ServerProcess | undefined
const visits = createVisits(
  () => browser,
  () => ({ url: server?.url.replace('127.0.0.1', 'localhost') ?? '' }),
)
beforeAll(async () => {
  browser = await startBrowser()
})
afterEach(async () => {
  await visits.close()
  await server?.stop()
})
afterAll(() => browser?.close())

async function signInAs(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: `Sign in as ${name}` }).click()
  await page.getByRole('navigation').waitFor()
}

describe.each(frameworks)('the demo on %s', (framework) => {
  test('has a page for users and one for operators, without an error in the console', async () => {
    server = await startServer(framework)
    expect(server.errors).toEqual([expect.stringMatching(/^demo: sign in as alice/)])
    const user = await visits.visit('/', PHONE)
    await signInAs(user.page, 'alice')
    await user.page.getByRole('heading', { name: 'Signed in as alice' }).waitFor()
    await user.page.getByRole('list', { name: 'Your devices' }).waitFor()

    const operator = await visits.visit('/operator/', DESK)
    await signInAs(operator.page, 'admin')
    await operator.page.getByText('Live', { exact: true }).waitFor()
    expect([...user.errors, ...operator.errors]).toEqual([])

    await operator.page.getByRole('link', { name: 'Sessions' }).click()
    await operator.page
      .getByRole('button', { name: /^End session of/ })
      .last()
      .click()
    await operator.page.getByRole('dialog').getByRole('button', { name: 'End session' }).click()
    await user.page.locator('.message.note').getByText('This device was signed out.').waitFor()
  })
})

interface Line {
  readonly text: string
  readonly lines: number
}

/** Runs in the page: the lines that the text of each element takes. */
const COUNT_LINES = `(selector) =>
  [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility()).map((element) => {
    const range = document.createRange()
    range.selectNodeContents(element)
    const ends = [...range.getClientRects()].filter(({ width }) => width > 0).map(({ bottom }) => bottom)
    const lineHeight = Number.parseFloat(getComputedStyle(element).lineHeight)
    const lines = Math.round((Math.max(...ends) - Math.min(...ends)) / lineHeight) + 1
    return { text: element.textContent, lines }
  })`

test('the demo fits on a phone: no line breaks more than once, no button at all', async () => {
  server = await startServer('express')
  const desk = await visits.visit('/', DESK)
  await signInAs(desk.page, 'admin')
  const { page } = await visits.visit('/', PHONE)
  await signInAs(page, 'admin')
  await page.getByRole('button', { name: /^Sign out .+, signed in/ }).waitFor()
  const linesOf = (selector: string): Promise<readonly Line[]> =>
    page.evaluate<readonly Line[]>(`(${COUNT_LINES})(${JSON.stringify(selector)})`)
  const texts = await linesOf('h1, h2, .intro, .row-title, .facts > span, time')
  expect(texts.length).toBeGreaterThan(10)
  expect(texts.filter(({ lines }) => lines > 2)).toEqual([])
  const buttons = await linesOf('button, .tabs a')
  expect(buttons.length).toBeGreaterThan(6)
  expect(buttons.filter(({ lines }) => lines > 1)).toEqual([])
})
