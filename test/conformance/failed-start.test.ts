import { createSallyport, memoryStore, type StoreDriver } from '@sallyport/core'
import { expect, test } from 'vitest'

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
