import { createSallyport, memoryStore, type StoreDriver } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import type { SessionReading } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import { viewOf } from './view.ts'

/** A store that answers what it read last, as one that has lost the writes since. */
function forgetful() {
  let isBehind = false
  let last: SessionReading | undefined
  const driver = memoryStore()
  const store: StoreDriver = {
    ...driver,
    async open(context) {
      const opened = await driver.open(context)
      return {
        ...opened,
        sessions: {
          ...opened.sessions,
          async read(id) {
            if (!isBehind || last === undefined) last = await opened.sessions.read(id)
            return last
          },
        },
      }
    },
  }
  return {
    store,
    lose: () => {
      isBehind = true
    },
  }
}

test('a session that a mark ended is found for no page, although the store has lost the mark', async () => {
  const { store, lose } = forgetful()
  const sallyport = await createSallyport({ secret: 'a secret of the test, with its 32 bytes', store })
  const { sessions } = gateOf(sallyport)
  const { cookies } = await sessions.start(viewOf({}), { subject: 'user-1' })
  const page = viewOf({ method: 'GET', headers: { cookie: cookies[0]?.split(';', 1)[0] ?? '' } })
  expect(await sessions.find(page)).toMatchObject({ subject: 'user-1' })
  expect(await sessions.handOver(page)).toMatchObject({ accessToken: expect.any(String) })
  lose()
  expect(await sessions.handOver(page)).toMatchObject({ accessToken: expect.any(String) })
  await sallyport.revokeAll()
  expect(await sessions.find(page)).toBeUndefined()
  expect(await sessions.handOver(page)).toBeUndefined()
  await sallyport.close()
})
