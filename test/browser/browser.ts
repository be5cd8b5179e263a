import { chromium, type Page } from 'playwright-core'
import { findChromium } from '../../scripts/chromium.mjs'

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Nothing of a test leaves this machine.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
]
const WAIT_MILLISECONDS = 15_000

export interface Size {
  readonly width: number
  readonly height: number
}

/** What a visitor prefers. */
export interface Visitor {
  /** The language, such as `zh-CN`. */
  readonly locale?: string
  readonly colorScheme?: 'light' | 'dark'
}

export interface RealBrowser {
  /** An empty page of a browser that has no cookies any more. The one before is gone. */
  visit(): Promise<Page>
  /** An empty page of another visitor, with cookies and a storage of its own, on a screen of this size. */
  another(viewport: Size, visitor?: Visitor): Promise<Page>
  close(): Promise<void>
}

export interface BrowserOptions {
  /** Keeps pages in memory that are left, as people's browsers do. Default `false`. */
  readonly hasBackForwardCache?: boolean
  /** Further switches of its command line, besides the usual ones. */
  readonly switches?: readonly string[]
}

/** A real Chromium with an empty folder for its data, and one tab: a new one costs more than most tests. */
export async function startBrowser({
  hasBackForwardCache = false,
  switches = [],
}: BrowserOptions = {}): Promise<RealBrowser> {
  const { command, env } = await findChromium()
  const browser = await chromium.launch({
    executablePath: command,
    args: [...ARGS, ...switches],
    ignoreDefaultArgs: hasBackForwardCache ? ['--disable-back-forward-cache'] : [],
    env: { ...process.env, ...env },
  })
  const context = await browser.newContext()
  context.setDefaultTimeout(WAIT_MILLISECONDS)
  let page = await context.newPage()
  return {
    async visit() {
      try {
        await page.goto('about:blank')
      } catch {
        // A test that failed has left a navigation on its way.
        await page.close()
        page = await context.newPage()
      }
      await context.clearCookies()
      return page
    },
    async another(viewport, visitor = {}) {
      const apart = await browser.newContext({ viewport, ...visitor })
      apart.setDefaultTimeout(WAIT_MILLISECONDS)
      return apart.newPage()
    },
    close: () => browser.close(),
  }
}
