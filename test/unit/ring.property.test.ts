import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KeyRing } from '../../packages/core/src/keys/ring.ts'
import { JWKS_MAX_AGE_SECONDS } from '../../packages/core/src/keys/schedule.ts'
import { createKeySeal } from '../../packages/core/src/keys/seal.ts'
import { createSharedRing } from '../../packages/core/src/keys/shared-ring.ts'
import { MAX_ACCESS_SECONDS } from '../../packages/core/src/ports/revocations.ts'
import { deriveKeys } from '../../packages/core/src/secrets.ts'
import { turnedClock } from '../support/turned-clock.ts'
import { watchedKeys } from './watched-keys.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const NODES = 3

type Step =
  | { readonly kind: 'pass'; readonly minutes: number }
  | { readonly kind: 'rotate' | 'compromise' | 'restart'; readonly node: number }
  | { readonly kind: 'forget' }

const node = fc.nat({ max: NODES - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), minutes: fc.integer({ min: 1, max: 50 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      minutes: fc.integer({ min: 1, max: 45 * 24 * 60 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('rotate' as const), node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compromise' as const), node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), node }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'forget' as const }) },
)

test('whatever happens in whatever order: nodes agree, no live token loses its key, no lost key comes back', async () => {
  const [secret] = [randomBytes(32)]
  const seal = createKeySeal(deriveKeys([secret], 'https://auth.example.com'))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const clock = turnedClock()
      const store = await watchedKeys()
      const start = async (): Promise<KeyRing> => {
        const ring = createSharedRing(
          store,
          seal,
          { alg: 'EdDSA', rotateEveryMs: 30 * DAY, compromised: [] },
          {
            clock,
            random: randomBytes,
            watch: { notice: () => {}, rotated: () => {}, compromised: () => {} },
          },
        )
        await ring.start()
        return ring
      }
      const rings = [await start(), await start(), await start()]
      const at = (index: number): KeyRing => rings[index] as KeyRing
      const lost = new Set<string>()
      const tokens: { readonly kid: string; readonly diesAt: number }[] = []
      const publishedAt = new Map<string, number>()
      let signer = at(0).signer()?.kid ?? ''
      publishedAt.set(signer, Number.NEGATIVE_INFINITY)

      for (const one of steps) {
        let isEmergency = false
        switch (one.kind) {
          case 'pass':
            clock.turn(one.minutes * MINUTE)
            break
          case 'rotate':
            expect((await at(one.node).rotate()).kind).toBe('pending')
            break
          case 'compromise':
            isEmergency = true
            lost.add(signer)
            await at(one.node).compromise(signer)
            break
          case 'restart':
            at(one.node).close()
            rings[one.node] = await start()
            break
          case 'forget':
            await store.forget()
            await Promise.all(rings.map((ring) => ring.putBack()))
            break
        }
        // Everybody looks at the store again, as they do every few seconds.
        for (let round = 0; round < 2; round++) {
          clock.turn(1000)
          await Promise.all(rings.map((ring) => ring.find('nobody')))
        }

        const now = clock.now()
        const kids = new Set(rings.map((ring) => ring.signer()?.kid))
        expect(kids.size).toBe(1)
        const [kid = ''] = kids
        expect(lost.has(kid)).toBe(false)
        if (kid !== signer && !isEmergency)
          expect(now - (publishedAt.get(kid) ?? now)).toBeGreaterThanOrEqual(JWKS_MAX_AGE_SECONDS * 1000)
        signer = kid
        for (const { kid: shown = '' } of at(0).published())
          if (!publishedAt.has(shown)) publishedAt.set(shown, now)
        tokens.push({ kid, diesAt: now + MAX_ACCESS_SECONDS * 1000 })
        for (const ring of rings) {
          for (const token of tokens) {
            if (lost.has(token.kid)) expect(await ring.find(token.kid)).toEqual({ kind: 'unknown' })
            else if (token.diesAt > now) expect(await ring.find(token.kid)).toMatchObject({ kind: 'found' })
          }
          const states = ring.list().map(({ state }) => state)
          expect(states.filter((state) => state === 'active')).toHaveLength(1)
        }
      }
      for (const ring of rings) ring.close()
    }),
    { numRuns: 150 },
  )
})
