import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RealBrowser, startBrowser } from './browser.ts'
import { loginApps } from './login-apps.ts'
import { createLogins, startProvider } from './provider.ts'
import { type Site, startSite } from './site.ts'

const names = Object.keys(loginApps)

let browser: RealBrowser
let provider: Site
const sites = new Map<string, Site>()
beforeAll(async () => {
  browser = await startBrowser()
  for (const name of names) sites.set(name, await startSite())
  provider = await startProvider([...sites.values()].map((site) => `${site.localhost}/callback`))
  for (const [name, makeApp] of Object.entries(loginApps)) {
    const site = siteOf(name)
    site.serve(await makeApp(createLogins(provider.numeric, `${site.localhost}/callback`)))
  }
})
afterAll(async () => {
  await browser?.close()
  await provider?.close()
  for (const site of sites.values()) await site.close()
})

function siteOf(name: string): Site {
  const site = sites.get(name)
  if (site === undefined) throw new RangeError(`${name} was not started`)
  return site
}

/** Whom the page shows as signed in. */
const shown = (page: Page): Promise<string> => page.locator('output:not(:empty)').innerText()

describe.each(names)('an application on %s', (name) => {
  test('knows a user who logged in at a provider of another site', async () => {
    const page = await browser.visit()
    await page.goto(siteOf(name).localhost)
    expect(await shown(page)).toBe('nobody')

    await page.getByRole('link', { name: 'Log in' }).click()
    await page.locator('[name=login]').fill('alice')
    await page.locator('[name=password]').fill('any password')
    await page.getByRole('button', { name: 'Sign-in' }).click()
    const answered = page.waitForResponse('**/callback?*')
    await page.getByRole('button', { name: 'Continue' }).click()
    const answer = await answered
    expect(await answer.request().allHeaders()).toMatchObject({
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
    })
    expect(answer.status()).toBe(302)

    await page.waitForURL(`${siteOf(name).localhost}/`)
    expect(await shown(page)).toBe('alice')
    const cookies = await page.context().cookies(siteOf(name).localhost)
    expect(cookies.find((cookie) => cookie.name === '__Host-refresh')).toMatchObject({
      secure: true,
      httpOnly: true,
      sameSite: 'Strict',
    })
  })

  test('takes no answer that its browser did not ask for', async () => {
    const page = await browser.visit()
    const answer = await page.goto(`${siteOf(name).localhost}/callback?code=another&state=another`)
    expect(answer?.status()).toBe(400)
    expect(await page.context().cookies()).toEqual([])
  })
})
