import { afterAll, beforeAll, expect, test } from 'vitest'
import { compile, createFolder, drive, generate, nameOf, setUps } from '../cli/generated.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'

const onPostgres = setUps.filter(({ store }) => store === 'postgres')

let postgres: PostgresServer
let place: Awaited<ReturnType<typeof createFolder>>
beforeAll(async () => {
  postgres = await startPostgres()
  place = await createFolder()
  for (const wanted of onPostgres) await generate(place.folder, wanted)
  expect(await compile(place.folder, onPostgres)).toBe('')
})
afterAll(async () => {
  await postgres.stop()
  await place.remove()
})

test.each(onPostgres.map((one) => [nameOf(one), one] as const))(
  'what sallyport init writes for %s signs in, verifies, refreshes and revokes',
  async (_name, wanted) => drive(place.folder, wanted, { DATABASE_URL: await postgres.createDatabase() }),
)
