import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { migrations } from '../../packages/postgres/src/migrations/index.ts'

/** Of the statements of each migration. To change what a table is, add a migration, and its digest here. */
const DIGESTS: Readonly<Record<number, string>> = {
  1: 'dfc9534083bfa78f',
  2: '42025cfa805c89d5',
  3: '46203b518578f617',
  4: 'beab12c65ebb4a0e',
  5: '7c45ebabd0960b34',
  6: '477739a448ec93e5',
}

test('no migration is changed once it may have been run: databases that have run it would lack the change', () => {
  const digests = migrations.map(({ id, statements }) => [
    id,
    createHash('sha256').update(statements('"sallyport"').join(';')).digest('hex').slice(0, 16),
  ])
  expect(Object.fromEntries(digests)).toEqual(DIGESTS)
})
