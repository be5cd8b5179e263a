import { createSallyport, memoryStore, type SallyportEvent, type StoreDriver } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { afterEach, expect, test } from 'vitest'
import { viewOf } from './view.ts'

let close: () => Promise<void> = async () => {}
afterEach(() => close())

/** A store whose rotations wait until they are let through. */
function heldStore() {
  const store = memoryStore()
  const waiting: (() => void)[] = []
  const driver: StoreDriver = {
    ...store,
    async open(context) {
      const opened = await store.open(context)
      return {
        ...opened,
        sessions: {
          ...opened.sessions,
          async rotate(rotation) {
            await new Promise<void>((resolve) => waiting.push(resolve))
            return opened.sessions.rotate(rotation)
          },
        },
      }
    },
  }
  const letThrough = (): void => {
    for (const resume of waiting.splice(0)) resume()
  }
  return { driver, waiting, letThrough }
}

test('a user has no more refreshes at once than the limit, and others are not concerned', async () => {
  const held = heldStore()
  const sallyport = await createSallyport({
    secret: 'a secret of the test, with its 32 bytes',
    store: held.driver,
    limits: { refreshesAtOnce: 2 },
  })
  close = () => sallyport.close()
  const events: SallyportEvent[] = []
  sallyport.on('event', (event) => events.push(event))
  const gate = gateOf(sallyport)
  const [refresh] = gate.routes(['refresh'])
  const cookieOf = async (subject: string) => {
    const { cookies } = await gate.signIn(viewOf({}), { subject })
    return cookies.map((one) => one.split(';', 1)[0]).join('; ')
  }
  const refreshed = async (cookie: string) => refresh?.handle(viewOf({ headers: { cookie } }))
  const [phone, laptop, other] = [await cookieOf('one'), await cookieOf('one'), await cookieOf('other')]

  const first = [refreshed(phone), refreshed(laptop), refreshed(other)]
  await expect.poll(() => held.waiting.length).toBe(3)
  expect(await refreshed(phone)).toMatchObject({ status: 429, headers: { 'Retry-After': '1' } })
  expect(events.at(-1)).toMatchObject({ event: 'token.refused', reason: 'refresh_limited' })
  held.letThrough()
  expect((await Promise.all(first)).map((answer) => answer?.status)).toEqual([200, 200, 200])

  const later = refreshed(phone)
  await expect.poll(() => held.waiting.length).toBe(1)
  held.letThrough()
  expect(await later).toMatchObject({ status: 200 })
})
