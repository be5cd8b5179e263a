import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** A folder for a picture of each view that is looked at. */
const pictures = process.env.SCREENSHOTS

/** What keeps people from using a view: each rule that is broken, and where. */
export async function barriers(page: Page): Promise<readonly string[]> {
  // The page's policy holds for what the page runs, and not for what the browser's tools do.
  await page.evaluate(source)
  const { violations } = await page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}

/** Keeps a picture of what is shown, if `SCREENSHOTS` says where. */
export async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return
  await mkdir(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true })
}
