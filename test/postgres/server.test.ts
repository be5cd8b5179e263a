import { Client } from 'pg'
import { expect, test } from 'vitest'
import { startPostgres } from '../support/postgres.ts'

test('a real PostgreSQL starts, hangs, crashes, comes back with its data, is set back and stops', async () => {
  const postgres = await startPostgres()
  try {
    const url = await postgres.createDatabase()
    await postgres.query('CREATE TABLE things (name text)', url)
    const names = () => postgres.query('SELECT name FROM things ORDER BY name', url)
    const add = (name: string) => postgres.query(`INSERT INTO things VALUES ('${name}')`, url)

    await add('before the backup')
    const setBack = await postgres.backUp()
    await add('after the backup')

    await postgres.pause()
    const impatient = new Client({ connectionString: url, connectionTimeoutMillis: 200 })
    await expect(impatient.connect()).rejects.toThrow('timeout')
    const late = names()
    await postgres.resume()
    expect(await late).toHaveLength(2)

    await postgres.kill()
    await expect(names()).rejects.toThrow('ECONNREFUSED')
    await postgres.restart()
    expect(await names()).toEqual([{ name: 'after the backup' }, { name: 'before the backup' }])

    await setBack()
    expect(await names()).toEqual([{ name: 'before the backup' }])
  } finally {
    await postgres.stop()
  }
  await expect(postgres.query('SELECT 1')).rejects.toThrow('ECONNREFUSED')
})
