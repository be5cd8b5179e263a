import { redisStore } from '@sallyport/redis'
import { startPglite } from '../support/pglite.ts'
import { startRedis } from '../support/redis.ts'
import { storeContext } from '../support/store-context.ts'
import { type StoreHarness, storeContract } from './store.contract.ts'

const context = storeContext

const redis = await startRedis()
let places = 0

const onRedis: StoreHarness = {
  name: 'redisStore',
  async open() {
    const driver = redisStore({ url: redis.url, time: 'caller', keyPrefix: `place${places++}` })
    const [store, other] = await Promise.all([driver.open(context), driver.open(context)])
    return { store, other }
  },
  stop: () => redis.stop(),
}

const postgres = await startPglite()

const onPostgres: StoreHarness = {
  name: 'postgresStore',
  many: 250,
  open: () => postgres.place(),
  stop: () => postgres.stop(),
}

for (const harness of [onRedis, onPostgres]) storeContract(harness)
