import type { OpenApiDocument } from '@sallyport/openapi'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Hosts, startHosts } from '../support/hosts.ts'
import { type RealBrowser, startBrowser } from './browser.ts'

const NAME = 'express on memory'
let hosts: Hosts
let browser: RealBrowser
beforeAll(async () => {
  hosts = await startHosts({}, [NAME])
  browser = await startBrowser()
})
afterAll(async () => {
  await browser?.close()
  await hosts?.close()
})

test('the viewer shows every route, and sends a request, under a policy that allows nothing inline', async () => {
  const { url } = hosts.named(NAME)
  const page = await browser.visit()
  const faults: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  page.on('pageerror', (fault) => faults.push(fault.message))
  await page.goto(`${url}/docs`)
  await page.waitForSelector('.opblock')
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument
  const described = Object.values(document.paths).flatMap((path) => Object.keys(path))
  expect(await page.locator('.opblock').count()).toBe(described.length)

  const health = page.locator('#operations-Operation-health')
  await health.locator('.opblock-summary').click()
  await health.getByRole('button', { name: 'Try it out' }).click()
  await health.getByRole('button', { name: 'Execute' }).click()
  await health.locator('.live-responses-table .response-col_status', { hasText: '200' }).waitFor()
  if (process.env.SCREENSHOTS !== undefined)
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/viewer.png` })
  expect(faults).toEqual([])
})
