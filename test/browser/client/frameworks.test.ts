import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, test } from 'vitest'
import { type RealBrowser, startBrowser } from '../browser.ts'
import { type Rig, startRig } from './rig.ts'
import { openTabs, signIn, type Tabs } from './tabs.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

let browser: RealBrowser
let rig: Rig
let tabs: Tabs
beforeAll(async () => {
  browser = await startBrowser()
  rig = await startRig()
  tabs = await openTabs(browser, rig.url)
})
afterAll(async () => {
  await tabs?.close()
  await rig?.close()
  await browser?.close()
})

/** A component that shows what the hook of the guide says. */
async function component(): Promise<string> {
  const guide = await readFile(`${root}/docs/guide/browser-frameworks.md`, 'utf8')
  const hook = /```ts\n(.+?)```/s.exec(guide)?.[1]
  const { outputFiles } = await build({
    stdin: {
      contents: `${hook}
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
const Session = () => createElement('output', {}, useSession())
createRoot(document.body.appendChild(document.createElement('div'))).render(createElement(Session))
Object.assign(globalThis, { ofHook: client })`,
      resolveDir: root,
      loader: 'ts',
    },
    ...{ bundle: true, format: 'esm', target: 'es2023', write: false },
    alias: { '@sallyport/client': `${root}/packages/client/src/index.ts` },
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  return outputFiles[0]?.text ?? ''
}

const untilShown = (page: Page, state: string): Promise<void> =>
  page.getByRole('status').filter({ hasText: state }).waitFor()

test('a component of React shows whether somebody is signed in, whichever tab signs in or out', async () => {
  const [page, other] = [await tabs.open(), await tabs.open()]
  await page.addScriptTag({ type: 'module', content: await component() })
  await untilShown(page, 'unknown')
  await page.evaluate('ofHook.token()')
  await untilShown(page, 'signed_out')
  await signIn(other, 'alice')
  await untilShown(page, 'signed_in')
  await other.evaluate('client.signOut()')
  await untilShown(page, 'signed_out')
})
