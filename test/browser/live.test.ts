import { afterAll, beforeAll, expect, test } from 'vitest'
import { readEvents } from '../support/event-reader.ts'
import { type HostName, type Hosts, startHosts } from '../support/hosts.ts'
import { startNginx } from './nginx.ts'

const names = ['express on memory', 'koa on memory', 'fastify on memory'] as const satisfies HostName[]

let hosts: Hosts
beforeAll(async () => {
  hosts = await startHosts({}, names)
})
afterAll(() => hosts?.close())

test.each(names)('a stream of %s comes through nginx, which would buffer and compress it', async (name) => {
  const { url } = hosts.named(name)
  const nginx = await startNginx(`proxy_pass ${url}; gzip on; gzip_types *; gzip_min_length 1;`)
  try {
    const body = JSON.stringify({ username: 'alice', password: 'correct horse battery staple' })
    const headers = { 'content-type': 'application/json' }
    const signedIn = await fetch(`${nginx.url}/auth/login`, { method: 'POST', headers, body })
    const { access_token: token } = (await signedIn.json()) as { access_token: string }
    const stream = await readEvents(`${nginx.url}/auth/live`, token)
    await stream.until(({ text }) => text() === ':\n\n')
    await fetch(`${nginx.url}/auth/logout-all`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await stream.complete).toBe(true)
    expect(stream.events()).toEqual([{ name: 'end', content: {} }])
  } finally {
    await nginx.close()
  }
})
