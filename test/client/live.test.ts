import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Client, createClient } from '@sallyport/client'
import { watchSession } from '@sallyport/client/live'
import { memoryStore } from '@sallyport/core'
import { createSallyport } from '@sallyport/express'
import express from 'express'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createStreams, type Streams } from '../browser/client/streams.ts'

/** Outside of pages, where there are no tabs and no locks. */

const SOON = { timeout: 15_000, interval: 10 }

let server: Server
let url: string
let sallyport: Awaited<ReturnType<typeof createSallyport>>
let streams: Streams
let client: Client
let unwatch = (): void => {}
/** How the stream is refused. */
let refusal: { readonly status: number; readonly retryAfter: string } | undefined
let refused = 0

beforeEach(async () => {
  refusal = undefined
  refused = 0
  sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: memoryStore(),
  })
  streams = createStreams(sallyport)
  const app = express()
  app.post('/auth/login', (req, res) => sallyport.signIn(req, res, { subject: 'alice' }))
  app.get(
    '/auth/live',
    (_req, res, next) => {
      if (refusal === undefined) return next()
      refused++
      res.status(refusal.status).set('Retry-After', refusal.retryAfter).end()
    },
    sallyport.authMiddleware(),
    streams.handler,
  )
  app.use('/auth', sallyport.router('refresh', 'token', 'logout'))
  server = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let kept: string | undefined
  const storage = {
    load: async () => kept,
    async save(text: string) {
      kept = text
    },
  }
  client = createClient({ authUrl: `${url}/auth`, storage })
})
afterEach(async () => {
  unwatch()
  client.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await sallyport.close()
})

const signIn = () =>
  client.signIn(() =>
    fetch(`${url}/auth/login`, { method: 'POST', headers: { 'X-Token-Transport': 'body' } }),
  )
const watch = (): void => {
  unwatch = watchSession(client, { url: `${url}/auth/live` })
}
const untilOpen = (count: number): Promise<void> =>
  vi.waitFor(() => expect(streams.open()).toHaveLength(count), SOON)

test('an app finds out that its session was ended', async () => {
  await signIn()
  watch()
  await untilOpen(1)
  const changes: unknown[] = []
  client.onChange((change) => changes.push(change))
  await sallyport.sessions.revokeAll('alice')
  await vi.waitFor(() => expect(changes).toEqual([{ state: 'signed_out', by: 'ended' }]), SOON)
  await untilOpen(0)
})

test('an app in which nobody is signed in opens no stream before somebody is', async () => {
  watch()
  await vi.waitFor(() => expect(client.state).toBe('signed_out'), SOON)
  expect(streams.opened()).toBe(0)
  await signIn()
  await untilOpen(1)
  await client.signOut()
  await untilOpen(0)
  expect(streams.opened()).toBe(1)
})

test('a watch that is stopped closes its stream, and opens no other', async () => {
  await signIn()
  watch()
  await untilOpen(1)
  unwatch()
  await untilOpen(0)
  await client.signOut()
  await signIn()
  expect(streams.opened()).toBe(1)
})

test('a server that is away is tried again when it says, and signs nobody out', async () => {
  refusal = { status: 503, retryAfter: '1' }
  await signIn()
  watch()
  await vi.waitFor(() => expect(refused).toBe(2), SOON)
  refusal = undefined
  await untilOpen(1)
  expect(client.state).toBe('signed_in')
})

test('a server that asks for no pause is not tried in a loop', async () => {
  refusal = { status: 503, retryAfter: '0' }
  await signIn()
  watch()
  await vi.waitFor(() => expect(refused).toBe(2), SOON)
  await new Promise((resolve) => setTimeout(resolve, 500)) // the third is a second or two later
  expect(refused).toBe(2)
})

test('an address that is none is refused', () => {
  expect(() => watchSession(client)).toThrow(TypeError)
})
