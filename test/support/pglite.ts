import { PGlite } from '@electric-sql/pglite'
import type { Store } from '@sallyport/core/store'
import { type PostgresStoreOptions, postgresStore } from '@sallyport/postgres'
import { storeContext } from './store-context.ts'

/** A PostgreSQL in this process, which starts in seconds, with two stores that share it. */
export interface TestPglite {
  readonly database: PGlite
  readonly options: Pick<PostgresStoreOptions, 'embedded'>
  /** Two stores by the clock of the caller, after everything was deleted. They stay open. */
  place(): Promise<{ readonly store: Store; readonly other: Store }>
  stop(): Promise<void>
}

export async function startPglite(): Promise<TestPglite> {
  const database = await PGlite.create()
  const options = { embedded: database }
  let stores: readonly [Store, Store] | undefined

  async function open(): Promise<readonly [Store, Store]> {
    const driver = postgresStore({ ...options, time: 'caller' })
    return [await driver.open(storeContext), await driver.open(storeContext)]
  }

  async function tables(): Promise<string> {
    const { rows } = await database.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname = 'sallyport' AND tablename <> 'migrations'`,
    )
    return rows.map(({ name }) => name).join(', ')
  }

  return {
    database,
    options,
    async place() {
      stores ??= await open()
      await database.exec(`TRUNCATE ${await tables()}`)
      const stayOpen = { close: () => Promise.resolve() }
      const [store, other] = stores
      return { store: { ...store, ...stayOpen }, other: { ...other, ...stayOpen } }
    },
    async stop() {
      for (const store of stores ?? []) await store.close()
      await database.close()
    },
  }
}
