import { postgresStore } from '@sallyport/postgres'
import { storeContract } from '../contract/store.contract.ts'
import { startPostgres } from '../support/postgres.ts'
import { storeContext } from '../support/store-context.ts'

const postgres = await startPostgres()
const url = await postgres.createDatabase()
let places = 0

storeContract({
  name: 'postgresStore on a real server',
  async open() {
    // Hundreds of calls at once to one row are a matter of seconds on a busy machine.
    const patience = { commandTimeoutMs: 10_000 }
    const driver = postgresStore({ url, schema: `place_${places++}`, time: 'caller', ...patience })
    const [store, other] = await Promise.all([driver.open(storeContext), driver.open(storeContext)])
    return { store, other }
  },
  stop: () => postgres.stop(),
})
