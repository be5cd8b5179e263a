import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'

/** A page that asks an example server by `fetch`, and lists what each of its buttons came to. */
export const DEMO: string = readFileSync(new URL('demo.html', import.meta.url), 'utf8')

/** Presses buttons of the demo page, each when the one before has come to something. Resolves to what the page says. */
export async function press(page: Page, ...buttons: readonly string[]): Promise<readonly string[]> {
  const said = page.getByRole('listitem')
  const before = await said.count()
  for (const [index, name] of buttons.entries()) {
    // By the keyboard: a click of the mouse takes four times as long.
    await page.getByRole('button', { name, exact: true }).press('Enter')
    await said.nth(before + index).waitFor()
  }
  return (await said.allInnerTexts()).slice(before)
}
