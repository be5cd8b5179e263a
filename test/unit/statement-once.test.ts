import { memoryStore } from '@sallyport/core'
import { expect, test } from 'vitest'
import { begunBy, createStatementOnce } from '../../packages/core/src/tokens/statements/once.ts'
import { storeContext } from '../support/store-context.ts'

const ISSUED_AT = 1_800_000_000
const clock = { now: () => ISSUED_AT * 1000 }
const again = { kind: 'again', until: begunBy(ISSUED_AT) }
let statements = 0

async function start() {
  const { once } = await memoryStore().open(storeContext)
  if (once === undefined) throw new TypeError('the store remembers nothing')
  const statement = {
    ...({ kind: 'logout token', issuer: 'https://login.example.test' } as const),
    ...{ jti: `statement ${statements++}`, usableUntil: ISSUED_AT + 120 },
  }
  return { used: createStatementOnce(once, clock), statement }
}

test('what was begun with may be finished by anybody, and is done once', async () => {
  const { used, statement } = await start()
  expect(await used.begin(statement, ISSUED_AT)).toEqual({ kind: 'first' })
  expect(await used.begin(statement, ISSUED_AT)).toEqual(again)
  expect(await used.finish(statement)).toEqual({ kind: 'first' })
  expect(await used.finish(statement)).toEqual({ kind: 'seen' })
  expect(await used.begin(statement, ISSUED_AT)).toEqual({ kind: 'done' })
})

test('an older version, which marks what is done, leaves alone what was only begun with, and knows what is done', async () => {
  const { used, statement } = await start()
  expect(await used.begin(statement, ISSUED_AT)).toEqual({ kind: 'first' })
  expect(await used.mark(statement)).toEqual({ kind: 'first' })
  const other = await start()
  await other.used.begin(other.statement, ISSUED_AT)
  await other.used.finish(other.statement)
  expect(await other.used.mark(other.statement)).toEqual({ kind: 'seen' })
})

test('what an older version has marked ends only what began before it was issued', async () => {
  const { used, statement } = await start()
  await used.mark(statement)
  expect(await used.begin(statement, ISSUED_AT)).toEqual(again)
  expect(await used.finish(statement)).toEqual({ kind: 'first' })
  expect(await used.begin(statement, ISSUED_AT)).toEqual({ kind: 'done' })
})
