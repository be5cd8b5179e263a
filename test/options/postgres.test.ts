import { type PostgresStoreOptions, postgresStore } from '@sallyport/postgres'
import { Pool } from 'pg'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const url = 'postgres://127.0.0.1/app'
const address = 'an address such as "postgres://user@127.0.0.1:5432/app"'
const required = `"postgres.url" is required: give ${address}, or give "postgres.pool"`
const several = 'give one of "postgres.url", "postgres.pool" and "postgres.embedded", not several'
const pool = 'a pool of the package pg (new Pool(…))'
const names =
  'url, pool, embedded, schema, migrate, maxConnections, commandTimeoutMs, prepare, keepEndedSeconds, time'
const name = '1 to 40 characters of a-z 0-9 _, the first one no digit'
const timeout = 'a whole number from 50 to 60000'

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'missing', options: undefined, option: 'postgres', allowed: `an object with ${names}` },
  { name: 'an address', options: url, option: 'postgres', allowed: `an object with ${names}` },
  { name: 'misspelled', options: { uri: url }, option: 'postgres.uri', says: 'unknown option "postgres.uri" (did you mean "postgres.url"?)' },
  { name: 'missing', options: {}, option: 'postgres.url', says: required },
  { name: 'undefined, as unset variables are', options: { url: undefined }, option: 'postgres.url', says: required },
  { name: 'another protocol', options: { url: 'mysql://localhost/app' }, option: 'postgres.url', allowed: address },
  { name: 'no host', options: { url: 'postgres:///app' }, option: 'postgres.url', allowed: address },
  { name: 'beside a pool', options: { url, pool: new Pool() }, option: 'postgres.url', says: several },
  { name: 'no pool', options: { pool: {} }, option: 'postgres.pool', allowed: pool },
  { name: 'an address', options: { pool: url }, option: 'postgres.pool', allowed: pool },
  { name: 'no database', options: { embedded: { query: () => {} } }, option: 'postgres.embedded', allowed: 'a PGlite (new PGlite())' },
  { name: 'what would have to be quoted', options: { url, schema: 'a-b' }, option: 'postgres.schema', allowed: name, given: '"a-b"' },
  { name: 'in capital letters', options: { url, schema: 'App' }, option: 'postgres.schema', allowed: name, given: '"App"' },
  { name: 'unknown', options: { url, migrate: 'print' }, option: 'postgres.migrate', allowed: 'one of "run", "check"', given: '"print"' },
  { name: 'none', options: { url, maxConnections: 0 }, option: 'postgres.maxConnections', allowed: 'a whole number from 1 to 1000', given: '0' },
  { name: 'too short', options: { url, commandTimeoutMs: 49 }, option: 'postgres.commandTimeoutMs', allowed: timeout, given: '49' },
  { name: 'a text', options: { url, prepare: 'no' }, option: 'postgres.prepare', allowed: 'true or false', given: '"no"' },
  { name: 'too long', options: { url, keepEndedSeconds: 315_360_001 }, option: 'postgres.keepEndedSeconds', allowed: 'a whole number from 0 to 315360000', given: '315360001' },
  { name: 'unknown', options: { url, time: 'local' }, option: 'postgres.time', allowed: 'one of "server", "caller"', given: '"local"' },
]

describe('a wrong option of postgresStore', () => {
  test.each(wrong)('$option: $name', async ({ options, ...expected }) => {
    const fault = await configFault(() => postgresStore(options as PostgresStoreOptions))
    expectRefusal(fault, expected)
  })

  test('never shows an address, which may hold a password', async () => {
    const given = 'postgres://app:hunter2@'
    for (const options of [given, { url: given }, { pool: given }, { embedded: given }]) {
      const fault = await configFault(() => postgresStore(options as PostgresStoreOptions))
      expect(fault.message).not.toContain('hunter2')
    }
  })
})
