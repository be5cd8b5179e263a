import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { EXPIRED_MILLISECONDS, type Rig, startRig } from './rig.ts'
import { ask, openTabs, pause, signedInAs, signIn, type Tabs } from './tabs.ts'

let browser: RealBrowser
let rig: Rig
let tabs: Tabs
beforeAll(async () => {
  browser = await startBrowser()
})
beforeEach(async () => {
  rig = await startRig()
  tabs = await openTabs(browser, rig.url)
})
afterEach(async () => {
  await tabs?.close()
  await rig?.close()
})
afterAll(async () => {
  await browser?.close()
})

const changed = () => rig.events.filter(({ event }) => event === 'device.changed')

test('the server compares what a page says of its device at sign-in and at each refresh', async () => {
  const page = await tabs.open('/?signals')
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setTimezoneOverride', { timezoneId: 'Europe/Berlin' })
  await signIn(page, 'alice')
  await pause(EXPIRED_MILLISECONDS)
  expect(await ask(page)).toEqual(signedInAs('alice'))
  expect(rig.wire.flights.length).toBe(1)
  expect(changed()).toEqual([])

  await devtools.send('Emulation.setTimezoneOverride', { timezoneId: 'America/Lima' })
  await page.setViewportSize({ width: 600, height: 900 })
  await pause(EXPIRED_MILLISECONDS)
  expect(await ask(page)).toEqual(signedInAs('alice'))
  expect(changed()).toEqual([expect.objectContaining({ reason: 'drift', changed: 'screen timezone' })])
})

test('a phone that is turned is the same device', async () => {
  const page = await tabs.open('/?signals')
  await signIn(page, 'alice')
  await page.setViewportSize({ width: 600, height: 800 })
  await pause(EXPIRED_MILLISECONDS)
  expect(await ask(page)).toEqual(signedInAs('alice'))
  expect(changed()).toEqual([])
})
