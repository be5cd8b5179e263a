import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type Framework, ServerStartError, startServer } from '../support/processes.ts'

const EX_CONFIG = 78
const SECRET = randomBytes(32).toString('base64url')
const PASSWORD = 'a-password-that-nobody-may-read'
const frameworks: readonly Framework[] = ['express', 'koa', 'fastify']

let postgres: PostgresServer
let database: string
beforeAll(async () => {
  postgres = await startPostgres()
  database = new URL(await postgres.createDatabase()).pathname
  await postgres.query(`CREATE ROLE weak LOGIN PASSWORD '${PASSWORD}'`)
})
afterAll(() => postgres.stop())

/** Starts a server that has to refuse, and gives what it said. */
async function refusalOf(framework: Framework, url: string): Promise<readonly string[]> {
  try {
    const server = await startServer(framework, { SECRET, DATABASE_URL: url })
    await server.stop()
    return ['(it started)', ...server.errors]
  } catch (fault) {
    if (!(fault instanceof ServerStartError)) throw fault
    expect(fault.exitCode).toBe(EX_CONFIG)
    return fault.stderr.split('\n')
  }
}

const ofDatabase = (): string => database
const cases = [
  { what: 'a wrong password', user: 'weak:wrong-password', path: ofDatabase },
  { what: 'no password', user: 'weak', path: ofDatabase },
  { what: 'a user that does not exist', user: `nobody:${PASSWORD}`, path: ofDatabase },
  { what: 'a database that does not exist', user: 'sallyport', path: () => '/nowhere' },
  { what: 'a user without the rights that are needed', user: `weak:${PASSWORD}`, path: ofDatabase },
]

test('a user that may make no tables is told which right that takes', async () => {
  const lines = await refusalOf(
    'express',
    `postgres://weak:${PASSWORD}@127.0.0.1:${postgres.port}${database}`,
  )
  expect(lines).toEqual([expect.stringContaining('CREATE on the database')])
})

for (const [index, { what, user, path }] of cases.entries()) {
  const framework = frameworks[index % frameworks.length] ?? 'express'
  test(`a server refuses, in one line that names the variable, ${what} (${framework})`, async () => {
    const lines = await refusalOf(framework, `postgres://${user}@127.0.0.1:${postgres.port}${path()}`)
    expect(lines).toEqual([expect.stringMatching(/^DATABASE_URL: /)])
    expect(lines[0]?.length).toBeLessThan(200)
    expect(lines[0]).not.toMatch(/wrong-password|that-nobody-may-read/)
  })
}
