import type { CspReport, SecurityHeadersOptions } from '@sallyport/headers'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  type FrameworkName,
  frameworkNames,
  type Handlers,
  type Running,
  startServer,
} from '../headers/servers.ts'
import { certificateForLocalhost } from '../support/certificate.ts'
import { type RealBrowser, startBrowser } from './browser.ts'
import { html, startSite } from './site.ts'

let browser: RealBrowser
beforeAll(async () => {
  // Reports of the Reporting API are otherwise kept for a minute.
  browser = await startBrowser({ switches: ['--ignore-certificate-errors', '--short-reporting-delay'] })
})
afterAll(() => browser?.close())

const running: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.close()
})

/** A page that tries what an injected script would, and tells in `tried` what came of it. */
const hostile = (nonce: string | undefined): string => `<!doctype html>
  <title>hostile</title>
  <body>
  <p id="target"></p>
  <script nonce="${nonce}">
    globalThis.tried = { nonce: 'ran' }
    globalThis.attempt = (name, act) => {
      try { act(); tried[name] ??= 'done' } catch (fault) { tried[name] = fault.name }
    }
  </script>
  <script>tried.inline = 'ran'</script>
  <script nonce="wrong">tried.guess = 'ran'</script>
  <img src="data:," onerror="tried.attribute = 'ran'">
  <script nonce="${nonce}">
    attempt('eval', () => eval("tried.evaluated = 'ran'"))
    attempt('sink', () => { document.getElementById('target').innerHTML = '<b>injected</b>' })
    attempt('policy', () => trustedTypes.createPolicy('other', {}))
    attempt('named', () => {
      const policy = trustedTypes.createPolicy('app', { createScriptURL: (url) => url, createHTML: (text) => text })
      document.getElementById('target').innerHTML = policy.createHTML('<b>trusted</b>')
      const script = document.createElement('script')
      script.src = policy.createScriptURL('/loaded.js')
      script.onload = () => { tried.complete = true }
      document.body.append(script)
    })
  </script>
  <script src="/loaded.js?parsed"></script>`

const pages: Handlers = {
  '/hostile': ({ nonce, set, send }) => {
    set('Content-Type', 'text/html; charset=utf-8')
    send(hostile(nonce))
  },
  '/loaded.js': ({ set, send }) => {
    set('Content-Type', 'text/javascript')
    send("tried[document.currentScript.src.endsWith('?parsed') ? 'parsed' : 'loaded'] = 'ran'")
  },
}

async function start(name: FrameworkName, options: SecurityHeadersOptions, further = {}): Promise<Running> {
  const server = await startServer(name, options, { pages, ...further })
  running.push(server)
  return server
}

/** Resolves to what came of the attempts of the page. */
async function tried(page: Page): Promise<Readonly<Record<string, unknown>>> {
  await page.waitForFunction('tried.complete')
  return page.evaluate('tried')
}

describe.each(frameworkNames)('a page of %s', (name) => {
  test('runs what has its nonce, and nothing that was injected', async () => {
    const { url } = await start(name, { csp: { trustedTypes: ['app'] } })
    const page = await browser.visit()
    await page.goto(`${url}/hostile`)
    expect(await tried(page)).toEqual({
      nonce: 'ran',
      eval: 'EvalError',
      sink: 'TypeError',
      policy: 'TypeError',
      named: 'done',
      loaded: 'ran',
      complete: true,
    })
    expect(await page.locator('#target').innerHTML()).toBe('<b>trusted</b>')
  })

  test('that only reports is left alone', async () => {
    const { url } = await start(name, { csp: { reportOnly: true, trustedTypes: ['app'] } })
    const page = await browser.visit()
    await page.goto(`${url}/hostile`)
    expect(await tried(page)).toEqual({
      ...{ nonce: 'ran', inline: 'ran', guess: 'ran', attribute: 'ran', eval: 'done', evaluated: 'ran' },
      ...{ sink: 'done', policy: 'done', named: 'done', loaded: 'ran', parsed: 'ran', complete: true },
    })
  })

  test('cannot be framed, unless it says by whom', async () => {
    const frontend = await startSite()
    running.push(frontend)
    const [closed, open] = await Promise.all([
      start(name, {}),
      start(name, { csp: { frameAncestors: [frontend.localhost] } }),
    ])
    frontend.serve(
      html(`<iframe src="${closed.url}/plain"></iframe><iframe src="${open.url}/plain"></iframe>`),
    )
    const page = await browser.visit()
    await page.goto(frontend.localhost)
    const [, first, second] = page.frames()
    expect(await second?.locator('body').innerText()).toBe('hello')
    expect(first?.url()).toBe('chrome-error://chromewebdata/')
  })

  test('has its violations reported', async () => {
    const told: CspReport[] = []
    const reports = { path: '/csp-reports', onReport: (report: CspReport) => told.push(report) }
    const { url } = await start(name, { csp: { trustedTypes: ['app'] }, reports })
    const page = await browser.visit()
    await page.goto(`${url}/hostile?token=secret`)
    await expectViolations(told, `${url}/hostile`)
  })
})

/** Asserts that the violations of the hostile page were told. */
async function expectViolations(told: readonly CspReport[], documentUrl: string): Promise<void> {
  await vi.waitFor(
    () => {
      for (const [directive, blocked] of [
        ['script-src-elem', 'inline'],
        ['script-src-attr', 'inline'],
        ['require-trusted-types-for', 'trusted-types-sink'],
        ['trusted-types', 'trusted-types-policy'],
      ])
        expect(told).toContainEqual(
          expect.objectContaining({ directive, blocked, documentUrl, disposition: 'enforce' }),
        )
    },
    { timeout: 20_000, interval: 100 },
  )
  expect(told.map(({ sample }) => sample)).toContain("eval|tried.evaluated = 'ran'")
  expect(JSON.stringify(told)).not.toContain('secret')
}

test('over TLS, violations are reported by the Reporting API', async () => {
  const told: CspReport[] = []
  const reports = { path: '/csp-reports', onReport: (report: CspReport) => told.push(report) }
  const { url } = await start(
    'express',
    { csp: { trustedTypes: ['app'] }, reports },
    { tls: certificateForLocalhost() },
  )
  const page = await browser.visit()
  const answer = await page.goto(`${url}/hostile?token=secret`)
  expect(await answer?.headerValue('reporting-endpoints')).toBe('csp="/csp-reports"')
  await expectViolations(told, `${url}/hostile`)
})

test('eval is refused without Trusted Types, too', async () => {
  const told: CspReport[] = []
  const reports = { path: '/csp-reports', onReport: (report: CspReport) => told.push(report) }
  const { url } = await start('express', { csp: { trustedTypes: false }, reports })
  const page = await browser.visit()
  await page.goto(`${url}/hostile`)
  expect(await tried(page)).toMatchObject({ eval: 'EvalError', sink: 'done' })
  await vi.waitFor(() =>
    expect(told).toContainEqual(expect.objectContaining({ directive: 'script-src', blocked: 'eval' })),
  )
})

test('the browser knows each feature that is turned off', async () => {
  const { url } = await start(
    'express',
    { permissions: { camera: ['self'] } },
    { tls: certificateForLocalhost() },
  )
  const page = await browser.visit()
  const said: string[] = []
  // Chromium for Linux has no Web Bluetooth.
  page.on('console', (message) => message.text().includes("'bluetooth'") || said.push(message.text()))
  const answer = await page.goto(`${url}/plain`)
  expect(said).toEqual([])
  const allowed = await page.evaluate<readonly string[]>('document.featurePolicy.allowedFeatures()')
  const named = (await answer?.headerValue('permissions-policy'))?.match(/[a-z-]+(?==\()/g)
  expect(named?.length).toBeGreaterThan(20)
  expect(named?.filter((feature) => allowed.includes(feature))).toEqual(['camera'])
})
