import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'
import { type RealBrowser, startBrowser } from './browser.ts'
import { press } from './demo.ts'
import { startNginx } from './nginx.ts'
import { type Front, startVite } from './vite.ts'

const names = ['express on memory', 'koa on memory', 'fastify on memory'] as const satisfies HostName[]

/** As people set them up. Most make another `Host` of the one that the browser asked, Vite's short form too. */
const proxies: Readonly<Record<string, (server: string) => Promise<Front>>> = {
  Vite: (server) => startVite(server),
  'Vite with changeOrigin': (target) => startVite({ target, changeOrigin: true }),
  'Vite without changeOrigin': (target) => startVite({ target, changeOrigin: false }),
  nginx: (server) => startNginx(`proxy_pass ${server};`),
  'nginx with $host': (server) => startNginx(`proxy_pass ${server}; proxy_set_header Host $host;`),
  'nginx with $http_host': (server) => startNginx(`proxy_pass ${server}; proxy_set_header Host $http_host;`),
}

let browser: RealBrowser
let hosts: Hosts
beforeAll(async () => {
  browser = await startBrowser()
  hosts = await startHosts({}, names)
})
afterAll(async () => {
  await browser?.close()
  await hosts?.close()
})

describe.each(Object.entries(proxies))('behind %s', (_name, startProxy) => {
  test.each(names)('a page of %s signs in, refreshes and signs out', async (name) => {
    const proxy = await startProxy(hosts.named(name).url)
    try {
      const page = await browser.visit()
      await page.goto(proxy.url)
      const said = await press(page, 'Sign in', 'Who am I', 'Refresh', 'Who am I', 'Sign out', 'Refresh')
      expect(said).toEqual([
        'Sign in: 200',
        'Who am I: 200',
        'Refresh: 200',
        'Who am I: 200',
        'Sign out: 204',
        'Refresh: 401 invalid_grant',
      ])
    } finally {
      await proxy.close()
    }
  })
})
