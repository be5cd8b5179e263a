import type { BrowserContext, Page } from 'playwright-core'
import type { RealBrowser } from '../browser.ts'

const VIEWPORT = { width: 800, height: 600 }

/** What a request of a page came to. */
export interface Asked {
  readonly status?: number
  readonly text: string
  /** The name of the error, if it came to nothing. */
  readonly failed?: string
}

export interface Change {
  readonly state: string
  readonly by: string
}

/** The tabs of one visitor, who has no cookies yet. */
export interface Tabs {
  readonly context: BrowserContext
  /** Opens a tab at an address of the site, or elsewhere. */
  open(path?: string): Promise<Page>
  close(): Promise<void>
}

export async function openTabs(browser: RealBrowser, url: string): Promise<Tabs> {
  const blank = await browser.another(VIEWPORT)
  const context = blank.context()
  return {
    context,
    async open(path = '/') {
      const page = await context.newPage()
      await page.goto(new URL(path, url).href)
      return page
    },
    close: () => context.close(),
  }
}

export const signIn = (page: Page, name: string): Promise<boolean> =>
  page.evaluate<boolean>(`signIn(${JSON.stringify(name)})`)

/** `client.fetch` in a page, given as the source of its arguments. */
export const ask = (page: Page, call = `'/api/me'`): Promise<Asked> => page.evaluate<Asked>(`ask(${call})`)

export const stateOf = (page: Page): Promise<string> => page.evaluate<string>('client.state')
export const changesOf = (page: Page): Promise<readonly Change[]> => page.evaluate<Change[]>('changes')

export const signedInAs = (name: string): Asked => ({ status: 200, text: JSON.stringify(name) })

/** Starts something in a page, and does not wait for what it comes to. */
export const start = (page: Page, call: string): Promise<void> => page.evaluate<void>(`void ${call}`)

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))
