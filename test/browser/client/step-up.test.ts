import { expect, test, vi } from 'vitest'
import { ACR, EXPIRED_MILLISECONDS } from './rig.ts'
import { rig, setUp, tabs } from './setting.ts'
import { ask, pause, signIn } from './tabs.ts'

const TRANSFER = `'/api/transfer', { method: 'POST', body: 'ten coins' }`
const CHALLENGES = 'JSON.stringify(challenges)'

setUp()

const sent = (path: string): number => rig.notes.filter((note) => note.path === path).length

test('a request that needs a step-up asks for it once, and is repeated with its body', async () => {
  const page = await tabs.open('/?step-up')
  await signIn(page, 'alice')
  expect(await ask(page, TRANSFER)).toEqual({ status: 200, text: '"ten coins"' })
  expect(await page.evaluate(CHALLENGES)).toBe(JSON.stringify([{ acrValues: [ACR], maxAge: 300 }]))
  expect([sent('/api/transfer'), sent('/api/step-up'), rig.wire.flights.length]).toEqual([2, 1, 0])
  expect(await ask(page, TRANSFER)).toMatchObject({ status: 200 })
  expect([sent('/api/transfer'), sent('/api/step-up')]).toEqual([3, 1])
})

test.each([
  ['is renewed first', 'alice', 200],
  ['can not be renewed is not sent', undefined, 401],
])('a token that is over when the user has typed and %s', async (_what, sub, status) => {
  const page = await tabs.open('/?step-up')
  await signIn(page, 'alice')
  await page.evaluate('void (globalThis.typed = new Promise((resolve) => { globalThis.submit = resolve }))')
  const asked = ask(page, TRANSFER)
  await vi.waitFor(async () => expect(await page.evaluate('challenges.length')).toBe(1))
  await pause(EXPIRED_MILLISECONDS)
  if (sub === undefined) rig.wire.once({ kind: 'down', retryAfterSeconds: 0 })
  await page.evaluate('submit()')
  expect(await asked).toMatchObject({ status })
  expect(rig.wire.flights.length).toBe(1)
  const steps = rig.notes.filter((note) => note.path === '/api/step-up')
  expect(steps.map((note) => note.sub)).toEqual([sub])
})

test('several requests at once ask for one step-up', async () => {
  const page = await tabs.open('/?step-up')
  await signIn(page, 'alice')
  const answers = await page.evaluate<{ status: number }[]>(
    `Promise.all([ask(${TRANSFER}), ask(${TRANSFER}), ask(${TRANSFER})])`,
  )
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(sent('/api/step-up')).toBe(1)
})

test('a step-up in one tab serves the others', async () => {
  const [page, other] = [await tabs.open('/?step-up'), await tabs.open()]
  await signIn(page, 'alice')
  await ask(other)
  await ask(page, TRANSFER)
  expect(await ask(other, TRANSFER)).toEqual({ status: 200, text: '"ten coins"' })
})

test('without the hook, the 401 is returned', async () => {
  const page = await tabs.open()
  await signIn(page, 'alice')
  expect(await ask(page, TRANSFER)).toMatchObject({ status: 401 })
  expect([sent('/api/transfer'), rig.wire.flights.length]).toEqual([1, 0])
  expect(await page.evaluate('client.state')).toBe('signed_in')
})
