import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { EXPIRED_MILLISECONDS, type Rig, startRig } from './rig.ts'
import { ask, openTabs, pause, signedInAs, signIn, stateOf, type Tabs } from './tabs.ts'

const SOON = { timeout: 15_000, interval: 20 }

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

/** Runs in each page before its scripts: what a browser does that may, or can, keep nothing. */
const storages: Readonly<Record<string, string>> = {
  'that is closed': `indexedDB.open = () => { throw new DOMException('closed', 'SecurityError') }`,
  'that can not be opened': `{
    const { open } = IDBFactory.prototype
    indexedDB.open = () => {
      const request = open.call(indexedDB, 'newer', 2)
      request.addEventListener('success', () => request.result.close())
      return open.call(indexedDB, 'newer', 1)
    }
  }`,
  'that is full': `{
    const { put } = IDBObjectStore.prototype
    IDBObjectStore.prototype.put = function (...given) {
      const request = put.apply(this, given)
      this.transaction.abort()
      return request
    }
  }`,
}

describe.each(Object.entries(storages))('with a storage %s', (_name, script) => {
  test('tabs share the session, its refreshes and its end', async () => {
    await tabs.context.addInitScript(script)
    const pages: [Page, Page] = [await tabs.open(), await tabs.open()]
    await signIn(pages[0], 'alice')
    for (let round = 0; round < 4; round++) {
      const turned = round % 2 === 0 ? pages : pages.toReversed()
      for (const page of turned) expect(await ask(page)).toEqual(signedInAs('alice'))
      await pause(EXPIRED_MILLISECONDS)
    }
    expect(rig.wire.flights.length).toBeGreaterThanOrEqual(3)
    expect(rig.wire.overlaps()).toBe(0)
    expect(rig.faults()).toEqual([])

    await signIn(pages[1], 'bob')
    for (const page of pages) expect(await ask(page)).toEqual(signedInAs('bob'))
    await pages[1].evaluate('client.signOut()')
    for (const page of pages)
      await vi.waitFor(async () => expect(await stateOf(page)).toBe('signed_out'), SOON)
    expect(await rig.sallyport.sessions.list('bob')).toEqual([])
    await signIn(pages[0], 'carol')
    for (const page of pages) expect(await ask(page)).toEqual(signedInAs('carol'))
  })

  test('a user who signs in without the client is that of all tabs', async () => {
    await tabs.context.addInitScript(script)
    const pages: [Page, Page] = [await tabs.open(), await tabs.open()]
    await signIn(pages[0], 'alice')
    for (const page of pages) expect(await ask(page)).toEqual(signedInAs('alice'))
    await pages[1].evaluate(`login('bob').then(({ ok }) => ok)`)
    await pages[1].reload()
    expect(await ask(pages[1])).toEqual(signedInAs('bob'))
    await vi.waitFor(async () => expect(await ask(pages[0])).toEqual(signedInAs('bob')), SOON)
    await pages[1].evaluate('client.signOut()')
    for (const page of pages)
      await vi.waitFor(async () => expect(await stateOf(page)).toBe('signed_out'), SOON)
    expect(await rig.sallyport.sessions.list('bob')).toEqual([])
  })

  test('a lost answer costs nothing, as long as the page is there', async () => {
    await tabs.context.addInitScript(script)
    const page = await tabs.open()
    await signIn(page, 'alice')
    await pause(EXPIRED_MILLISECONDS)
    rig.wire.once({ kind: 'lost' })
    expect(await ask(page)).toMatchObject({ failed: 'ClientError' })
    expect(await ask(page)).toEqual(signedInAs('alice'))
    const [first, second] = rig.wire.flights
    expect(second?.key).toBe(first?.key)
    expect(rig.faults()).toEqual([])
  })

  test('tokens can be bound to a key', async () => {
    await rig.close()
    rig = await startRig(undefined, { dpop: 'required' })
    await tabs.context.addInitScript(script)
    const page = await tabs.open(`${rig.url}/?dpop`)
    expect(await signIn(page, 'alice')).toBe(true)
    await pause(EXPIRED_MILLISECONDS)
    expect(await ask(page)).toEqual(signedInAs('alice'))
    expect(rig.faults()).toEqual([])
  })

  test('encryptedStorage says that it failed', async () => {
    await tabs.context.addInitScript(script)
    const page = await tabs.open()
    const failed = await page.evaluate<string>(
      `encryptedStorage().save('a token').then(() => 'saved', ({ name }) => name)`,
    )
    expect(failed).toBe('ClientError')
  })
})

test('encryptedStorage keeps a text over reloads, which nobody can read there', async () => {
  const page = await tabs.open()
  await page.evaluate(`encryptedStorage().save('a token')`)
  await page.reload()
  expect(await page.evaluate('encryptedStorage().load()')).toBe('a token')
  expect(await page.evaluate(`encryptedStorage({ name: 'other' }).load()`)).toBeUndefined()
})
