import { createSallyport, memoryStore, type StoreDriver } from '@sallyport/core'
import { gateOf } from '@sallyport/core/adapter'
import { redisStore } from '@sallyport/redis'
import { afterAll, expect, test } from 'vitest'
import { startRedis } from '../support/redis.ts'
import { textIn } from '../support/text-in.ts'
import { viewOf } from '../unit/view.ts'

const redis = await startRedis()
afterAll(() => redis.stop())

const drivers: readonly (readonly [string, StoreDriver])[] = [
  ['memoryStore', memoryStore()],
  ['redisStore', redisStore({ url: redis.url })],
]

test.each(drivers)(
  'what the application changes after a call changes nothing that was kept, and nothing of its own is frozen: %s',
  async (_name, store) => {
    const amr = ['pwd']
    const roles = { of: ['reader'] }
    const sallyport = await createSallyport({
      secret: 'a secret of the test, with its 32 bytes',
      store,
      accessToken: 'reference',
      claims: { of: () => ({ roles }) },
    })
    const answer = await gateOf(sallyport).signIn(viewOf({}), { subject: 'user-1', amr })
    const { access_token: token } = JSON.parse(textIn(answer.body))
    const ask = async () => {
      const verdict = await sallyport.tokens.verify(token)
      return verdict.kind === 'valid' ? verdict.auth.claims : verdict.problem
    }
    const kept = { amr: ['pwd'], roles: { of: ['reader'] } }
    expect(await ask()).toMatchObject(kept)
    amr.push('otp')
    roles.of.push('admin')
    expect(await ask()).toMatchObject(kept)
    expect(await sallyport.sessions.list('user-1')).toMatchObject([{ amr: ['pwd'] }])
    await sallyport.close()
  },
)
