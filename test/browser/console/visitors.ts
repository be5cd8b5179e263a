import type { Locator, Page } from 'playwright-core'
import type { RealBrowser, Size, Visitor } from '../browser.ts'
import { PASSWORD, type Rig } from './rig.ts'

export const PHONE: Size = { width: 390, height: 844 }
export const DESK: Size = { width: 1280, height: 800 }

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0'
export const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1'

/** Somebody at a page of the console. */
export interface Visit {
  readonly page: Page
  /** What the browser's console says in red, which has violations of the page's policy, too. */
  readonly errors: readonly string[]
  /** The paths that the page has asked for. */
  readonly asked: readonly string[]
}

/** Opens pages of a rig, each for a visitor of its own, and closes them. */
export function createVisits(browser: () => RealBrowser, rig: () => Pick<Rig, 'url'>) {
  const opened: Page[] = []

  async function visit(path: string, size: Size = DESK, visitor: Visitor = {}): Promise<Visit> {
    const page = await browser().another(size, visitor)
    opened.push(page)
    const visited = watch(page)
    await page.goto(`${rig().url}${path}`)
    await page.getByRole('heading').first().waitFor()
    return visited
  }

  return {
    visit,
    /** Somebody who has signed in, and sees what is there then. */
    async signedIn(path: string, name: string, size: Size = DESK, visitor: Visitor = {}): Promise<Visit> {
      const visited = await visit(path, size, visitor)
      await signIn(visited.page, name)
      await visited.page.getByRole('navigation').waitFor()
      return visited
    },
    /** Another tab of the same browser. */
    async tab({ page: beside }: Visit, path: string): Promise<Visit> {
      const page = await beside.context().newPage()
      const visited = watch(page)
      await page.goto(`${rig().url}${path}`)
      await page.getByRole('navigation').waitFor()
      return visited
    },
    async close(): Promise<void> {
      for (const page of opened.splice(0)) await page.context().close()
    },
  }
}

function watch(page: Page): Visit {
  const errors: string[] = []
  const asked: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('pageerror', (fault) => errors.push(fault.message))
  page.on('request', (request) => asked.push(new URL(request.url()).pathname))
  return { page, errors, asked }
}

/** Fills in the sign-in form, whatever the language. */
export async function signIn(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.locator('input[name=username]').fill(name)
  await page.locator('input[name=password]').fill(password)
  await page.locator('form button[type=submit]').click()
}

/** Waits until this has the focus. */
export const focused = (one: Locator): Promise<void> => one.and(one.page().locator(':focus')).waitFor()
