import { randomBytes } from 'node:crypto'
import { memoryStore } from '@sallyport/core'
import type { DeviceBinding, DriftRule, Rotation, RotationOutcome, Store } from '@sallyport/core/store'
import { redisStore } from '@sallyport/redis'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { storeContext } from '../support/store-context.ts'
import { newId, newSubject, opening, rotation, START } from './fixtures.ts'

let redis: RedisServer
let stores: readonly [Store, Store]
beforeAll(async () => {
  redis = await startRedis()
  const onRedis = await redisStore({ url: redis.url, time: 'caller' }).open(storeContext)
  stores = [await memoryStore().open(storeContext), onRedis]
})
afterAll(async () => {
  for (const store of stores) await store.close()
  await redis.stop()
})

const AT_ONCE = 50
const CELLS = 15

// Few values, so that cells often fit. Zeros were not sent.
const cell = fc.constantFrom('00000000', '00000001', '01000000', 'a1a1a1a1', 'b2b2b2b2')
const cells = fc
  .oneof(fc.array(cell, { maxLength: 8 }), fc.array(cell, { minLength: 7, maxLength: CELLS }))
  .map((hex) => new Uint8Array(Buffer.from(hex.join(''), 'hex')))
const binding: fc.Arbitrary<DeviceBinding> = fc.record({
  cells,
  version: fc.constantFrom(0, 1, 119, 120, 65_535),
})
const mask = fc.oneof(fc.constant(0), fc.constantFrom(1, 8, 0x8000), fc.nat(0xffff))
const limit = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 }), fc.constantFrom(15, 16, 17, 255))
const driftRule: fc.Arbitrary<DriftRule> = fc.record({
  ...{ enforced: mask, stepUp: mask, counted: fc.oneof(mask, fc.constant(0xffff)) },
  ...{ stepUpAt: limit, endAt: limit },
})
const step = fc.record({
  bindings: fc.array(binding, { minLength: 1, maxLength: 3 }),
  driftRule: fc.oneof(fc.constant({ enforced: 0, stepUp: 0, counted: 0, stepUpAt: 0, endAt: 0 }), driftRule),
  /** Generations before the current one. */
  behind: fc.constantFrom(0, 0, 0, 1),
})
const story = fc.record({ signedIn: binding, steps: fc.array(step, { minLength: 1, maxLength: 8 }) })
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never

const seenOf = (outcome: RotationOutcome) => ({
  kind: outcome.kind,
  session: 'session' in outcome ? outcome.session : undefined,
  drift: 'drift' in outcome ? outcome.drift : undefined,
})

test('a drift of any cells under any rule and any number of secrets is judged alike on every store', async () => {
  const met = new Map<string, number>()

  async function play({ signedIn, steps }: Story): Promise<void> {
    const subject = newSubject()
    const id = newId(subject)
    for (const store of stores) await store.sessions.open(opening(subject, { id, binding: signedIn }))
    let generation = 1
    for (const { behind, ...step } of steps) {
      const presented: Rotation = rotation(
        { id },
        { ...step, generation: Math.max(1, generation - behind), at: START + 1 },
      )
      const [one, other] = await Promise.all(stores.map((store) => store.sessions.rotate(presented)))
      const [seen, alike] = [one, other].map((outcome) => seenOf(outcome as RotationOutcome))
      expect(alike).toEqual(seen)
      const { kind, session } = seen as ReturnType<typeof seenOf>
      met.set(kind, (met.get(kind) ?? 0) + 1)
      generation = session?.generation ?? generation
    }
  }

  const batch = fc.array(story, { minLength: AT_ONCE, maxLength: AT_ONCE })
  const holds = fc.asyncProperty(batch, async (some) => {
    await Promise.all(some.map(play))
  })
  await fc.assert(holds, { numRuns: 60 })
  for (const kind of ['rotated', 'converged', 'challenged', 'mismatched'])
    expect(met.get(kind) ?? 0, kind).toBeGreaterThan(100)
})

test('a binding of as many bytes as a state has room for is judged alike, too', async () => {
  const [one, other] = await Promise.all(
    stores.map(async (store) => {
      const subject = newSubject()
      const id = newId(subject)
      const long = { cells: new Uint8Array(randomBytes(4 * CELLS)).fill(7), version: 1 }
      await store.sessions.open(opening(subject, { id, binding: long, ip: '2001:db8::1' }))
      const outcome = await store.sessions.rotate(rotation({ id }, { bindings: [long], ip: '2001:db8::1' }))
      return outcome.kind
    }),
  )
  expect([one, other]).toEqual(['rotated', 'rotated'])
})
