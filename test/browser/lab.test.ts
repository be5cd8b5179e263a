import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attacks } from '../../lab/src/attacks/index.ts'
import { servePage } from '../../lab/src/page/serve.ts'
import { type RealBrowser, startBrowser } from './browser.ts'
import { barriers, picture } from './console/axe.ts'

let browser: RealBrowser
let lab: Awaited<ReturnType<typeof servePage>>
beforeAll(async () => {
  browser = await startBrowser()
  lab = await servePage()
})
afterAll(async () => {
  await browser?.close()
  await lab?.close()
})

const DESK = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 800 }

describe.each([
  { colorScheme: 'light', size: DESK },
  { colorScheme: 'dark', size: PHONE },
] as const)('the page, $colorScheme, $size.width pixels wide,', ({ colorScheme, size }) => {
  test('plays an attack, shows both verdicts and its steps, and keeps nobody out', async () => {
    const page = await browser.another(size, { colorScheme })
    const faults: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    page.on('pageerror', (fault) => faults.push(fault.message))
    await page.goto(`${lab.url}/#leaked-key`)
    await page.getByRole('button', { name: 'Play this attack' }).click()

    await page.getByRole('heading', { name: 'Naive server: the attack succeeded' }).waitFor()
    await page.getByRole('heading', { name: 'With Sallyport: the attack failed' }).waitFor()
    await page.getByText('Step 1 of 5').waitFor()
    for (let step = 2; step <= 4; step++) await page.getByRole('button', { name: 'Next step' }).click()
    await page.getByRole('heading', { name: 'Mallory signs another one' }).waitFor()
    await page.getByText('200 accepted').waitFor()
    await page.getByText('401 refused').waitFor()

    await picture(page, `lab-${colorScheme}-${size.width}`)
    expect(await barriers(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(size.width)
    expect(faults).toEqual([])
    await page.close()
  })
})

test('the page is worked with the keyboard alone: the focus stays with the step', async () => {
  const page = await browser.visit()
  await page.goto(lab.url)
  const press = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const focused = (): Promise<unknown> => page.evaluate('document.activeElement.textContent')
  const chosen = page.getByRole('link', { name: 'A cookie that was cleared, and kept' })
  await chosen.waitFor()
  do await press('Tab')
  while (!(await chosen.evaluate((link) => link.matches(':focus'))))
  await press('Enter')
  await page.getByRole('heading', { name: 'A cookie that was cleared, and kept' }).waitFor()
  await press('Tab')
  expect(await focused()).toBe('Play this attack')
  await press('Enter')
  await page.getByText('Step 1 of 3').waitFor()
  await page.locator('#play:focus').waitFor()
  await press('Tab')
  expect(await focused()).toBe('Next step')
  await press('Enter')
  await page.getByText('Step 2 of 3').waitFor()
  await press('Enter')
  await page.getByText('Step 3 of 3').waitFor()
  expect(await focused()).toBe('Previous step')
  await press('Enter')
  await page.getByText('Step 2 of 3').waitFor()
})

test('the page plays all attacks, and says how far it is', async () => {
  const page = await browser.visit()
  await page.goto(lab.url)
  await page.getByRole('button', { name: 'Play all attacks' }).click()
  await page.getByRole('button', { name: new RegExp(`^Playing \\d+ of ${attacks.length} …$`) }).waitFor()
  // A busy machine takes its time for all of them, but not for any one.
  for (const index of attacks.keys())
    await page.getByText('Sallyport: failed', { exact: true }).nth(index).waitFor()
  await page.getByRole('button', { name: 'Play all attacks' }).waitFor()
  expect(await page.getByText('Sallyport: failed', { exact: true }).count()).toBe(attacks.length)
  expect(await page.getByText('naive: succeeded', { exact: true }).count()).toBe(attacks.length)
  await picture(page, 'lab-all')
})

test('the page says when an attack could not be played, and it can be played again', async () => {
  const page = await browser.visit()
  await page.goto(`${lab.url}/#alg-none`)
  await page.route('**/attacks/alg-none', (route) => route.fulfill({ status: 500 }), { times: 1 })
  const play = page.getByRole('button', { name: 'Play this attack' })
  await play.click()
  await page.getByRole('alert').getByText('the lab answered 500').waitFor()
  await play.click()
  await page.getByRole('heading', { name: 'With Sallyport: the attack failed' }).waitFor()
})
