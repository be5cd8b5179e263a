import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { command } from '../cli/commands.ts'
import { type RealBrowser, startBrowser } from './browser.ts'
import { barriers, picture } from './console/axe.ts'

const CONFIG = `export default {
  issuer: 'http://localhost:3000', secret: 'keyboard cat', binding: 'off',
  lockout: { attempts: 0 }, limits: { sessions: 0, converged: 0 }, access: { ttlSeconds: 1800 },
}`
/** The same fault in two lines, in a file whose name fits no phone. */
const LONG = 'a-name-that-is-long-enough-to-be-wider-than-the-screen-of-any-phone.ts'

let browser: RealBrowser
let folder: string
let report: string
beforeAll(async () => {
  browser = await startBrowser()
  folder = await mkdtemp(join(tmpdir(), 'sallyport-report-'))
  const config = join(folder, 'config.mjs')
  await writeFile(config, CONFIG)
  await writeFile(join(folder, LONG), "const secret = 'keyboard-cat'\n".repeat(2))
  await command(['doctor', '--config', config, '--source', folder, '--html', 'report.html'], { cwd: folder })
  report = pathToFileURL(join(folder, 'report.html')).href
})
afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

const DESK = { width: 1280, height: 900 }
const PHONE = { width: 360, height: 740 }
const PAPER = { width: 794, height: 1123 }

describe.each([
  { media: 'screen', colorScheme: 'light', size: DESK },
  { media: 'screen', colorScheme: 'dark', size: DESK },
  { media: 'screen', colorScheme: 'light', size: PHONE },
  { media: 'screen', colorScheme: 'dark', size: PHONE },
  { media: 'print', colorScheme: 'dark', size: PAPER },
] as const)('the report, $media, $colorScheme, $size.width pixels wide', ({ media, colorScheme, size }) => {
  test('keeps nobody out, and fits', async () => {
    const page = await browser.another(size, { colorScheme })
    await page.emulateMedia({ media })
    await page.goto(report)
    await picture(page, `doctor-${media}-${colorScheme}-${size.width}`)
    expect(await barriers(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(size.width)
    await page.close()
  })
})

test('each finding of the list leads to what to do, once for all places where it was seen', async () => {
  const page = await browser.visit()
  await page.goto(report)
  const links = page
    .getByRole('table', { name: 'Findings' })
    .getByRole('link', { name: 'A secret is written' })
  expect(await links.count()).toBe(2)
  await links.first().click()
  expect(new URL(page.url()).hash).toBe('#source-secret')
  const articles = page.getByRole('article').filter({ hasText: 'A secret is written in the source' })
  expect(await articles.count()).toBe(1)
  expect(await articles.getByText(`${LONG}:2: a secret as a string`).isVisible()).toBe(true)
})

test('on paper it is black on white, whatever the screen has', async () => {
  const page = await browser.another(PAPER, { colorScheme: 'dark' })
  await page.emulateMedia({ media: 'print' })
  await page.goto(report)
  const colours =
    'const { backgroundColor, color } = getComputedStyle(document.body); [backgroundColor, color]'
  expect(await page.evaluate(colours)).toEqual(['rgb(255, 255, 255)', 'rgb(0, 0, 0)'])
  await page.close()
})
