import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { type BrowserOptions, type RealBrowser, startBrowser } from '../browser.ts'
import { type Rig, startRig } from './rig.ts'
import { openTabs, type Tabs } from './tabs.ts'

/** The browser of all tests of this file. */
export let browser: RealBrowser
/** The server of the test that runs, which has seen no request of another one. */
export let rig: Rig
/** The tabs of the test that runs, without cookies. */
export let tabs: Tabs

export interface SettingOptions {
  readonly browser?: BrowserOptions
  /** How long access tokens live. Default: see `startRig`. */
  readonly accessSeconds?: number
}

/** Starts the browser, and for each test a server and its tabs; and ends them all. */
export function setUp(options: SettingOptions = {}): void {
  beforeAll(async () => {
    browser = await startBrowser(options.browser)
  })
  beforeEach(async () => {
    rig = await startRig(options.accessSeconds)
    tabs = await openTabs(browser, rig.url)
  })
  afterEach(async () => {
    await tabs?.close()
    await rig?.close()
  })
  afterAll(() => browser?.close())
}
