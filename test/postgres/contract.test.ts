import { postgresStore } from '@sallyport/postgres'
import { Pool } from 'pg'
import { storeContract } from '../contract/store.contract.ts'
import { startPostgres } from '../support/postgres.ts'
import { storeContext } from '../support/store-context.ts'

const postgres = await startPostgres()
const url = await postgres.createDatabase()
const administrator = new Pool({ connectionString: url, max: 1 })

// Hundreds of calls at once to one row are a matter of seconds on a busy machine.
const driver = postgresStore({ url, time: 'caller', commandTimeoutMs: 10_000 })
const [store, other] = await Promise.all([driver.open(storeContext), driver.open(storeContext)])
const stayOpen = { close: () => Promise.resolve() }

const EMPTY = `DO $$
DECLARE one record;
BEGIN
  FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'sallyport' AND tablename <> 'migrations' LOOP
    EXECUTE format('DELETE FROM sallyport.%I', one.tablename);
  END LOOP;
END $$`

storeContract({
  name: 'postgresStore on a real server',
  many: 1500,
  async open() {
    await administrator.query(EMPTY)
    return { store: { ...store, ...stayOpen }, other: { ...other, ...stayOpen } }
  },
  async stop() {
    await Promise.all([store.close(), other.close(), administrator.end()])
    await postgres.stop()
  },
})
