import { createSallyport, memoryStore, type StoreDriver } from '@sallyport/core'
import type { OutboxStore } from '@sallyport/core/store'
import { expect, test, vi } from 'vitest'

test('what is refused once the store is open leaves no store open', async () => {
  let closed = 0
  const store: StoreDriver = {
    ...memoryStore(),
    async open(context) {
      const opened = await memoryStore().open(context)
      return { ...opened, close: async () => void closed++ }
    },
  }
  // Of a symmetric key there is nothing to verify by, which is known only when it is read.
  const jwks = { keys: [{ kty: 'oct', k: 'AAAA', kid: 'one' }] }
  const clients = [{ clientId: 'gateway', jwks }]
  await expect(createSallyport({ store, oauth: { clients } })).rejects.toThrow('"oauth.clients.0.jwks"')
  expect(closed).toBe(1)
})

test('and tells nobody of what has ended', async () => {
  const asked: string[] = []
  const store: StoreDriver = {
    ...memoryStore(),
    async open(context) {
      const { outbox, ...opened } = await memoryStore().open(context)
      if (outbox === undefined) throw new TypeError('the store in memory keeps messages')
      return {
        ...opened,
        outbox: {
          ...outbox,
          enroll: (name) => {
            asked.push(name)
            return outbox.enroll(name)
          },
        },
      }
    },
  }
  const clients = [{ clientId: 'shop', uri: 'https://shop.example/logout' }]
  // It would concern nobody.
  const issuers = [{ issuer: 'https://login.example', audience: 'us', jwks: 'https://login.example/jwks' }]
  const options = { store, backchannelLogout: { clients, issuers } }
  await expect(createSallyport(options)).rejects.toThrow('"backchannelLogout.issuers.0.sessions"')
  expect(asked).toEqual([])
})

test('and nothing at work that was begun before it failed', async () => {
  let claims = 0
  let kept: OutboxStore | undefined
  const store: StoreDriver = {
    ...memoryStore(),
    async open(context) {
      const { outbox, keys, ...opened } = await memoryStore().open(context)
      kept = outbox
      if (outbox === undefined) throw new TypeError('the store in memory keeps messages')
      return {
        ...opened,
        keys: {
          ...keys,
          onChange: () => {
            throw new RangeError('a bug of the store')
          },
        },
        outbox: {
          ...outbox,
          claim: (...asked: Parameters<typeof outbox.claim>) => {
            claims++
            return outbox.claim(...asked)
          },
        },
      }
    },
  }
  vi.useFakeTimers()
  const clients = [{ clientId: 'shop', uri: 'https://shop.example/logout' }]
  await expect(
    createSallyport({
      secret: 'a secret of the test, with its 32 bytes',
      store,
      backchannelLogout: { clients },
    }),
  ).rejects.toThrow('a bug of the store')
  const before = claims
  await kept?.append({ kind: 'session-ended', subject: 'alice', session: 's', body: '' }, Date.now())
  await vi.advanceTimersByTimeAsync(60_000)
  vi.useRealTimers()
  expect(claims).toBe(before)
})
