export { migrationsOf } from './migrations/index.ts'
export type { EmbeddedDatabase, PostgresStoreOptions } from './options.ts'
export { postgresStore } from './store.ts'
