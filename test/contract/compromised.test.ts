import { createSallyport, memoryStore, type Sallyport, type StoreDriver } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import type { Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startRedis } from '../support/redis.ts'
import { storeContext } from '../support/store-context.ts'
import { textIn } from '../support/text-in.ts'
import { viewOf } from '../unit/view.ts'
import { ofKind } from './fixtures.ts'

const SECRET = 'a secret of the test, with its 32 bytes'
const redis = await startRedis()
afterAll(() => redis.stop())

const drivers: Readonly<Record<string, () => StoreDriver>> = {
  memoryStore,
  redisStore: () => redisStore({ url: redis.url, keyPrefix: `compromised${places++}` }),
}
let places = 0

describe.each(Object.entries(drivers))('a compromised key and an older copy of %s', (_name, driver) => {
  const notices: string[] = []
  const running: Sallyport[] = []
  let store: Store

  beforeEach(async () => {
    notices.length = 0
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void notices.push(String(warning)))
    store = await driver().open(storeContext)
  })
  afterEach(async () => {
    for (const sallyport of running.splice(0)) await sallyport.close()
    await store.close()
    vi.restoreAllMocks()
  })

  async function start(access: { readonly compromised?: readonly string[] } = {}): Promise<Sallyport> {
    // The store outlives the processes that use it.
    const open = () => Promise.resolve({ ...store, close: () => Promise.resolve() })
    const sallyport = await createSallyport({
      secret: SECRET,
      store: { name: 'kept', shared: true, open },
      access,
    })
    running.push(sallyport)
    return sallyport
  }

  async function signIn(sallyport: Sallyport): Promise<string> {
    const answer = await gateOf(sallyport).signIn(viewOf({}), { subject: 'user-1' })
    return JSON.parse(textIn(answer.body)).access_token
  }

  const jwksOf = async (sallyport: Sallyport): Promise<string> => {
    const routes = gateOf(sallyport).routes(['well-known'])
    const answer = await routes
      .find(({ path }) => path.endsWith('jwks.json'))
      ?.handle(viewOf({ method: 'GET' }))
    return textIn(answer?.body)
  }

  const ring = async () => ofKind(await store.keys.read(), 'read')

  /** A key is compromised, every process ends, and the ring of before is put back. */
  async function putBack(): Promise<{ readonly kid: string; readonly token: string }> {
    const first = await start()
    const token = await signIn(first)
    const kid = first.keys.list()[0]?.kid ?? ''
    const before = await ring()
    await first.keys.compromise(kid)
    expect((await first.tokens.verify(token)).kind).toBe('refused')
    await first.close()
    ofKind(await store.keys.swap(before.entries, (await ring()).version), 'swapped')
    return { kid, token }
  }

  test('the notice says which option keeps the key out of use', async () => {
    const { kid } = await putBack()
    const said = notices.filter((line) => line.includes('access.compromised'))
    expect(said).toEqual([
      `the key "${kid}" is compromised and out of use: add "${kid}" to "access.compromised", so that an older copy of the store cannot bring it back`,
    ])
  })

  test('a listed key does not sign, verify or stand in the JWK Set, and its mark is back in the store', async () => {
    const { kid } = await putBack()
    const next = await start({ compromised: [kid] })
    const token = await signIn(next)
    expect((await next.tokens.verify(token)).kind).toBe('valid')
    expect(next.keys.list().map((key) => key.kid)).toHaveLength(1)
    expect(next.keys.list().map((key) => key.kid)).not.toContain(kid)
    expect(await jwksOf(next)).toContain('"keys"')
    expect(await jwksOf(next)).not.toContain(kid)
    expect((await ring()).entries.find((entry) => entry.kid === kid)).toHaveProperty('compromisedAt')
    const unlisted = await start()
    expect(unlisted.keys.list()).toEqual(next.keys.list())
  })

  test('a token that a listed key signs is refused, although nothing on the feed names the key', async () => {
    const thief = await start()
    const token = await signIn(thief)
    expect((await thief.tokens.verify(token)).kind).toBe('valid')
    const kid = thief.keys.list()[0]?.kid ?? ''
    await thief.close()
    const next = await start({ compromised: [kid] })
    expect(await next.tokens.verify(token)).toEqual({ kind: 'refused', problem: 'token_invalid' })
  })
})
