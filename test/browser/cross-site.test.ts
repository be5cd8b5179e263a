import { decodeJwt } from 'jose'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'
import { type RealBrowser, startBrowser } from './browser.ts'
import { type Attack, attacks } from './cross-site/attacks.ts'
import { startHostile } from './cross-site/hostile.ts'
import { type Seen, startWatched, type Watched } from './cross-site/watched.ts'
import type { Site } from './site.ts'

const names = ['express on memory', 'koa on memory', 'fastify on memory'] as const satisfies HostName[]
const VIEWPORT = { width: 800, height: 600 }
const SOON = { timeout: 15_000, interval: 20 }
/** What Chromium shows in place of a page that must not be framed. */
const REFUSED = 'chrome-error://chromewebdata/'
const TARGETS = ['/auth/refresh', '/auth/logout', '/auth/logout-all', '/auth/login']

/** What our answers to an attack say. The way out of all sessions takes no cookie, and misses a token. */
const REFUSALS: Readonly<Record<string, number>> = {
  'POST /auth/refresh': 403,
  'POST /auth/logout': 403,
  'POST /auth/logout-all': 401,
  'POST /auth/login': 403,
  ...Object.fromEntries(
    TARGETS.flatMap((path) => [
      [`GET ${path}`, 405],
      [`OPTIONS ${path}`, 204],
    ]),
  ),
}

let browser: RealBrowser
let hostile: Site
beforeAll(async () => {
  browser = await startBrowser()
  hostile = await startHostile()
})
afterAll(async () => {
  await browser?.close()
  await hostile?.close()
})

interface Standing {
  readonly sub: unknown
  readonly sid: unknown
  readonly gen: number
}

/** A user of ours who has a page of somebody else open. */
interface Victim {
  readonly page: Page
  /** The session by its cookie, one generation on. */
  refresh(): Promise<Standing>
  close(): Promise<void>
}

const LOGIN = { username: 'alice', password: 'correct horse battery staple' }

async function lure(server: Watched, origin: string): Promise<Victim> {
  const own = await browser.another(VIEWPORT)
  const ask = async (path: string, body?: object): Promise<Standing> => {
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }
    const call = `fetch('${path}', ${JSON.stringify(init)}).then((answer) => answer.json())`
    const { access_token: token } = await own.evaluate<{ access_token: string }>(call)
    const { sub, sid, gen } = decodeJwt(token)
    return { sub, sid, gen: Number(gen) }
  }
  await own.goto(`${server.url}/healthz`)
  await ask('/auth/login', LOGIN)
  const page = await own.context().newPage()
  await page.goto(origin)
  return { page, refresh: () => ask('/auth/refresh'), close: () => own.context().close() }
}

/** Runs an attack on some of our addresses, until we have answered. Resolves to what the page could read, and to what came. */
async function attack({ page }: Victim, server: Watched, { run, arrives }: Attack, paths = TARGETS) {
  const before = server.seen.length
  const urls = paths.map((path) => server.url + path)
  const came = (): readonly Seen[] =>
    server.seen
      .slice(before)
      .filter((one) => paths.includes(one.path) && one.headers['sec-fetch-site'] !== 'same-origin')
  const reads = await page.evaluate<readonly string[]>(`attack(${JSON.stringify(urls)}, (url) => ${run})`)
  if (arrives !== undefined && arrives !== 'nothing')
    await vi.waitFor(() => {
      for (const path of paths)
        expect(came()).toContainEqual(expect.objectContaining({ method: arrives, path }))
    }, SOON)
  for (const other of page.context().pages().slice(2)) await other.close()
  return { reads, came: came() }
}

const sentCookie = ({ headers }: Seen): boolean => headers.cookie?.includes('__Host-refresh=') ?? false

/** What was let in, or can be read by the page that sent it. */
const harmful = (came: readonly Seen[]): readonly Seen[] =>
  came.filter(
    ({ method, path, status, answered }) =>
      status !== REFUSALS[`${method} ${path}`] ||
      answered['set-cookie'] !== undefined ||
      answered['access-control-allow-origin'] !== undefined,
  )

/** Those that are no GET, and so meet the check of origins. */
const checked = attacks.filter(({ arrives }) => arrives !== 'GET')

describe.each([
  ['which allows no other origin', {}, attacks, names],
  // The check is the core's, so one framework shows it.
  [
    'which allows the origin of somebody else',
    { ALLOWED_ORIGINS: 'https://partner.example.test' },
    checked,
    ['express on memory'] as const,
  ],
] as const)('a server %s', (_what, env, tried, hosted) => {
  let hosts: Hosts
  beforeAll(async () => {
    hosts = await startHosts(env, [...hosted])
  })
  afterAll(() => hosts?.close())

  describe.each([...hosted])('%s', (name) => {
    let server: Watched
    beforeAll(async () => {
      server = await startWatched(hosts.named(name).url)
    })
    afterAll(() => server?.close())

    describe.each([
      ['another site', 'cross-site', () => hostile.numeric],
      ['another origin of the same site', 'same-site', () => hostile.localhost],
    ] as const)('is safe from %s:', (_origin, site, origin) => {
      let victim: Victim
      let standing: Standing
      beforeAll(async () => {
        victim = await lure(server, origin())
        standing = await victim.refresh()
      })
      afterAll(() => victim?.close())

      test.each(tried.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
        const { reads, came } = await attack(victim, server, one)
        expect(reads).toEqual(TARGETS.map(() => ''))
        expect(harmful(came)).toEqual([])
        if (one.arrives === 'nothing') expect(came).toEqual([])
        if (one.arrives === 'POST') {
          for (const { headers } of came) expect(headers.origin).toBe(one.hidesOrigin ? 'null' : origin())
          const hasCookie = site === 'same-site' && one.isAnonymous !== true
          expect(came.map(sentCookie)).toEqual(TARGETS.map(() => hasCookie))
        }
        const after = await victim.refresh()
        expect(after).toEqual({ ...standing, gen: standing.gen + 1 })
        standing = after
      })

      test('no frame shows the page of ours', async () => {
        const { page } = victim
        await page.goto(origin())
        const before = server.seen.length
        const frames = { iframe: 'src', object: 'data', embed: 'src' }
        for (const [name, attribute] of Object.entries(frames))
          await page.evaluate(`place('${name}', { ${attribute}: '${server.url}/?${name}' })`)
        await vi.waitFor(() => {
          expect(server.seen.slice(before).filter(({ path }) => path === '/').length).toBe(3)
          expect(new Set(page.frames().map((frame) => frame.url()))).toEqual(
            new Set([`${origin()}/`, REFUSED]),
          )
        }, SOON)
      })
    })
  })
})

describe('the attacks are real:', () => {
  let hosts: Hosts
  let server: Watched
  let victim: Victim
  beforeAll(async () => {
    hosts = await startHosts({ ALLOWED_ORIGINS: hostile.localhost }, ['express on memory'])
    server = await startWatched(hosts.named('express on memory').url)
    victim = await lure(server, hostile.localhost)
  })
  afterAll(async () => {
    await victim?.close()
    await server?.close()
    await hosts?.close()
  })

  const powerful = attacks.filter(
    ({ arrives, ...one }) => arrives === 'POST' && !one.isAnonymous && !one.hidesOrigin,
  )
  test.each(powerful.map((one) => [one.name, one] as const))(
    '%s refreshes at an origin that is allowed',
    async (_name, one) => {
      const { came } = await attack(victim, server, one, ['/auth/refresh'])
      expect(came.map(({ status }) => status)).toEqual([200])
    },
  )
})
