import { randomBytes } from 'node:crypto'
import type { RingEntry, SealedKey } from '@sallyport/core/store'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { generateSigningKey } from '../../packages/core/src/keys/jwk/jwk.ts'
import type { KeyRing, RingWatch } from '../../packages/core/src/keys/ring.ts'
import { PUBLISHED_BEFORE_MS } from '../../packages/core/src/keys/schedule.ts'
import { createKeySeal, type KeySeal, type ScheduledKey } from '../../packages/core/src/keys/seal.ts'
import { createSharedRing } from '../../packages/core/src/keys/shared-ring.ts'
import { REVOCATION_RETENTION_MS } from '../../packages/core/src/ports/revocations.ts'
import type { Signer, SigningAlgorithm } from '../../packages/core/src/ports/signer.ts'
import { deriveKeys } from '../../packages/core/src/secrets.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { type WatchedKeys, watchedKeys } from './watched-keys.ts'

const RELOAD_EVERY_MS = 1000
const HOUR = 3_600_000
const DAY = 24 * HOUR
const LIFE = 30 * DAY
const JITTER_MS = 30_000

const sealUnder = (...secrets: readonly [Uint8Array, ...Uint8Array[]]): KeySeal =>
  createKeySeal(deriveKeys(secrets, 'https://auth.example.com'))
const secret = randomBytes(32)
const seal = sealUnder(secret)

let clock: TurnedClock
let store: WatchedKeys
const notices: string[] = []
const told: { rotated: string[]; compromised: string[] } = { rotated: [], compromised: [] }
const open: KeyRing[] = []

beforeEach(async () => {
  clock = turnedClock()
  store = await watchedKeys()
  for (const list of [notices, told.rotated, told.compromised]) list.length = 0
})
afterEach(() => {
  for (const ring of open.splice(0)) ring.close()
  expect(notices.join()).not.toContain(secret.toString('base64url'))
})

const watch: RingWatch = {
  notice: (message) => notices.push(message),
  rotated: (kid) => told.rotated.push(kid),
  compromised: (kid) => told.compromised.push(kid),
}

function ringWith(sealed: KeySeal, alg: SigningAlgorithm = 'EdDSA'): KeyRing {
  const ring = createSharedRing(
    store,
    sealed,
    { alg, rotateEveryMs: LIFE, compromised: [] },
    {
      clock: clock,
      random: randomBytes,
      watch,
    },
  )
  open.push(ring)
  return ring
}
async function started(sealed = seal, alg: SigningAlgorithm = 'EdDSA'): Promise<KeyRing> {
  const ring = ringWith(sealed, alg)
  await ring.start()
  return ring
}
function signerOf(ring: KeyRing): Signer {
  const key = ring.signer()
  if (key === undefined) throw new Error('there is no key to sign with')
  return key
}
const kidsOf = (entries: readonly { kid: string }[]): string[] => entries.map(({ kid }) => kid).sort()
const statesOf = (ring: KeyRing): string[] => ring.list().map(({ state }) => state)
async function scheduled(alg: SigningAlgorithm = 'EdDSA'): Promise<ScheduledKey> {
  return { ...(await generateSigningKey(alg)), signsFrom: clock.now() }
}
/** Another node's change. */
async function put(...entries: readonly RingEntry[]): Promise<void> {
  const ring = await store.read()
  if (ring.kind === 'read') await store.swap([...ring.entries, ...entries], ring.version)
}

describe('a shared ring', () => {
  test('begins with a key that is made, sealed and shared, and signs at once', async () => {
    const ring = await started()
    const entries = await store.held()
    const signer = signerOf(ring)
    expect(kidsOf(entries)).toEqual([signer.kid])
    const opened = await seal.unseal(entries[0] as SealedKey)
    expect(opened).toMatchObject({ kid: signer.kid, alg: 'EdDSA', signsFrom: clock.now() })
    const { d } = opened?.privateKey.export({ format: 'jwk' }) ?? {}
    expect(d).toHaveLength(43)
    expect(JSON.stringify(entries)).not.toContain(d)
    expect(notices).toEqual([])
    expect(told.rotated).toEqual([signer.kid])
  })

  test('publishes public members alone', async () => {
    const ring = await started()
    const { kid } = signerOf(ring)
    const found = await ring.find(kid)
    const { x } = found.kind === 'found' ? found.key.publicKey.export({ format: 'jwk' }) : {}
    expect(x).toHaveLength(43)
    expect(ring.published()).toEqual([{ kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' }])
  })

  test('is the same for whoever comes later', async () => {
    const first = await started()
    const second = await started()
    expect(signerOf(second).kid).toBe(signerOf(first).kid)
    expect(second.published()).toEqual(first.published())
    expect(second.list()).toEqual(first.list())
    expect(store.swaps).toBe(1)
  })

  test('has one signer, though many nodes start at once', async () => {
    const rings = await Promise.all(Array.from({ length: 10 }, () => started()))
    expect(new Set(rings.map((ring) => signerOf(ring).kid)).size).toBe(1)
    expect(await store.held()).toHaveLength(1)
  })

  test('makes one key, though it is asked many times at once', async () => {
    const ring = ringWith(seal)
    await Promise.all([ring.start(), ring.find('x'), ring.find('y')])
    expect(store.reads).toBe(1)
    expect(await store.held()).toHaveLength(1)
  })
})

describe('a rotation', () => {
  test('publishes the next key before it signs, and the last one until its tokens are dead', async () => {
    const [ring, other] = [await started(), await started()]
    const first = signerOf(ring).kid
    const next = await ring.rotate()
    if (next.kind !== 'pending') throw new Error(next.kind)
    expect(next.key).toMatchObject({ state: 'pending', signsFrom: clock.now() + PUBLISHED_BEFORE_MS })
    await vi.waitFor(() => expect(statesOf(other)).toEqual(['pending', 'active']))
    expect(kidsOf(other.published() as { kid: string }[])).toEqual([first, next.key.kid].sort())

    clock.turn(PUBLISHED_BEFORE_MS - 1)
    expect([ring, other].map((one) => signerOf(one).kid)).toEqual([first, first])
    clock.turn(1)
    expect([ring, other].map((one) => signerOf(one).kid)).toEqual([next.key.kid, next.key.kid])
    expect(statesOf(other)).toEqual(['active', 'retiring'])

    clock.turn(REVOCATION_RETENTION_MS - 1)
    expect(other.find(first)).toMatchObject({ kind: 'found' })
    clock.turn(1)
    expect(await other.find(first)).toEqual({ kind: 'unknown' })
    expect(other.published()).toHaveLength(1)
    await vi.waitFor(async () => expect(kidsOf(await store.held())).toEqual([next.key.kid]))
    expect(told.rotated).toEqual([first, next.key.kid])
  })

  test('comes by itself when it is due, and one node makes it', async () => {
    const rings = await Promise.all(Array.from({ length: 5 }, () => started()))
    const first = signerOf(rings[0] as KeyRing).kid
    clock.turn(LIFE - PUBLISHED_BEFORE_MS - 1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await store.held()).toHaveLength(1)
    clock.turn(JITTER_MS + RELOAD_EVERY_MS)
    await vi.waitFor(() => {
      for (const ring of rings) expect(statesOf(ring)).toEqual(['pending', 'active'])
    })
    expect(await store.held()).toHaveLength(2)
    clock.turn(PUBLISHED_BEFORE_MS)
    const signers = rings.map((ring) => signerOf(ring).kid)
    expect(new Set(signers).size).toBe(1)
    expect(signers).not.toContain(first)
  })

  test('that is under way is not begun again', async () => {
    const [ring, other] = [await started(), await started()]
    const outcomes = await Promise.all([ring, other, ring, other].map((one) => one.rotate()))
    expect(new Set(outcomes.map((one) => (one.kind === 'pending' ? one.key.kid : one.kind))).size).toBe(1)
    expect(await store.held()).toHaveLength(2)
  })

  test('can be asked for in vain while the store is away', async () => {
    const ring = await started()
    store.away = true
    expect(await ring.rotate()).toEqual({ kind: 'unavailable' })
    expect(signerOf(ring)).toBeDefined()
  })

  test('is found by a node that starts in the midst of it', async () => {
    const ring = await started()
    await ring.rotate()
    clock.turn(PUBLISHED_BEFORE_MS / 2)
    const late = await started()
    expect(late.list()).toEqual(ring.list())
    clock.turn(PUBLISHED_BEFORE_MS)
    expect(signerOf(late).kid).toBe(signerOf(ring).kid)
  })

  test('is found without its announcement', async () => {
    const [ring, other] = [await started(), await started()]
    store.quiet = true
    await ring.rotate()
    clock.turn(10 * RELOAD_EVERY_MS)
    await vi.waitFor(() => expect(statesOf(other)).toEqual(['pending', 'active']))
  })

  test('to another algorithm begins when a node starts with it, and tokens of both are good', async () => {
    const old = await started(seal, 'EdDSA')
    const first = signerOf(old).kid
    const ring = await started(seal, 'ES256')
    expect(signerOf(ring)).toMatchObject({ kid: first, alg: 'EdDSA' })
    await vi.waitFor(() => expect(statesOf(old)).toEqual(['pending', 'active']))
    clock.turn(PUBLISHED_BEFORE_MS)
    expect([old, ring].map((one) => signerOf(one).alg)).toEqual(['ES256', 'ES256'])
    expect(ring.find(first)).toMatchObject({ kind: 'found', key: { alg: 'EdDSA' } })
    await started(seal, 'ES256')
    expect(await store.held()).toHaveLength(2)
  })
})

describe('a compromised key', () => {
  test('is out of use at once, everywhere and for ever, and another one signs', async () => {
    const [ring, other] = [await started(), await started()]
    const lost = signerOf(ring).kid
    expect(await ring.compromise(lost)).toEqual({ kind: 'compromised' })
    expect(signerOf(ring).kid).not.toBe(lost)
    expect(await ring.find(lost)).toEqual({ kind: 'unknown' })
    await vi.waitFor(() => expect(signerOf(other).kid).toBe(signerOf(ring).kid))
    expect(other.find(lost)).toEqual({ kind: 'unknown' })
    expect(kidsOf(other.published() as { kid: string }[])).toEqual([signerOf(ring).kid])
    const late = await started()
    expect(await late.find(lost)).toEqual({ kind: 'unknown' })
    expect(told.compromised).toEqual([lost])
    expect(JSON.stringify((await store.held()).find(({ kid }) => kid === lost))).toBe(
      JSON.stringify({ kid: lost, compromisedAt: clock.now() }),
    )
  })

  test('is followed by the next one, where that is published already', async () => {
    const ring = await started()
    const next = await ring.rotate()
    await ring.compromise(signerOf(ring).kid)
    expect(next).toMatchObject({ kind: 'pending', key: { kid: signerOf(ring).kid } })
    expect(statesOf(ring)).toEqual(['active'])
  })

  test('is not followed by one that has retired', async () => {
    const ring = await started()
    const first = signerOf(ring).kid
    await ring.rotate()
    clock.turn(PUBLISHED_BEFORE_MS)
    const second = signerOf(ring).kid
    await ring.compromise(second)
    expect([first, second]).not.toContain(signerOf(ring).kid)
    expect(ring.find(first)).toMatchObject({ kind: 'found' })
  })

  test('does not disturb the one that signs, where it is another', async () => {
    const ring = await started()
    const { kid } = signerOf(ring)
    const next = await ring.rotate()
    if (next.kind !== 'pending') throw new Error(next.kind)
    await ring.compromise(next.key.kid)
    expect(signerOf(ring).kid).toBe(kid)
    expect(statesOf(ring)).toEqual(['active'])
  })

  test('does not come back with a store that is older, nor from a node that did not hear', async () => {
    const ring = await started()
    const lost = signerOf(ring).kid
    const before = await store.held()
    store.quiet = true
    const deaf = await started()
    await ring.compromise(lost)
    expect(signerOf(deaf).kid).toBe(lost)
    await store.forget()
    await put(...before)
    await deaf.putBack()
    await ring.putBack()
    expect(await ring.find(lost)).toEqual({ kind: 'unknown' })
    expect((await store.held()).find(({ kid }) => kid === lost)).toHaveProperty('compromisedAt')
    await deaf.putBack()
    expect(await deaf.find(lost)).toEqual({ kind: 'unknown' })
    expect(signerOf(deaf).kid).not.toBe(lost)
  })

  test('that another node reports is distrusted before the store is asked, and remembered there', async () => {
    const ring = await started()
    const lost = signerOf(ring).kid
    ring.distrust(lost)
    expect(ring.signer()?.kid).not.toBe(lost)
    expect(await ring.find(lost)).toEqual({ kind: 'unknown' })
    await vi.waitFor(() => expect(signerOf(ring).kid).not.toBe(lost))
    expect((await store.held()).find(({ kid }) => kid === lost)).toHaveProperty('compromisedAt')
    const swaps = store.swaps
    ring.distrust(lost)
    await started()
    expect(store.swaps).toBe(swaps)
  })

  test('is replaced once, though many nodes report it at once', async () => {
    const rings = await Promise.all(Array.from({ length: 5 }, () => started()))
    const lost = signerOf(rings[0] as KeyRing).kid
    await Promise.all(rings.map((ring) => ring.compromise(lost)))
    expect(new Set(rings.map((ring) => signerOf(ring).kid)).size).toBe(1)
    expect((await store.held()).filter((entry) => 'sealed' in entry)).toHaveLength(1)
  })

  test('is said to be unavailable while the store is away, and is out of use here', async () => {
    const ring = await started()
    const lost = signerOf(ring).kid
    ring.distrust(lost)
    store.away = true
    expect(await ring.compromise(lost)).toEqual({ kind: 'unavailable' })
    expect(ring.find(lost)).toEqual({ kind: 'unknown' })
    expect(told.compromised).toEqual([])
  })
})

describe('a key that is asked for by name', () => {
  test('is found at once where it is known, without the store', async () => {
    const ring = await started()
    store.away = true
    const reads = store.reads
    expect(ring.find(signerOf(ring).kid)).toMatchObject({ kind: 'found' })
    expect(store.reads).toBe(reads)
  })

  test('is looked for in the store where it is not, at most once in a while', async () => {
    const ring = await started()
    const reads = store.reads
    clock.turn(RELOAD_EVERY_MS - 1)
    for (let time = 0; time < 50; time++) expect(ring.find(`made up ${time}`)).toEqual({ kind: 'unknown' })
    expect(store.reads).toBe(reads)
    clock.turn(1)
    const found = await Promise.all(Array.from({ length: 50 }, (_, time) => ring.find(`made up ${time}`)))
    expect(new Set(found.map((one) => one.kind))).toEqual(new Set(['unknown']))
    expect(store.reads).toBe(reads + 1)
    expect(ring.find('made up')).toEqual({ kind: 'unknown' })
  })

  test('is found after another node has added it', async () => {
    const ring = await started()
    store.quiet = true
    const added = await scheduled()
    await put(await seal.seal(added))
    clock.turn(RELOAD_EVERY_MS)
    expect(await ring.find(added.kid)).toMatchObject({ kind: 'found', key: { kid: added.kid } })
    expect(ring.published().map((jwk) => jwk.kid)).toContain(added.kid)
  })

  test('is not known to be unknown while the store is away', async () => {
    const ring = await started()
    clock.turn(RELOAD_EVERY_MS)
    store.away = true
    expect(await ring.find('made up')).toEqual({ kind: 'unavailable' })
    store.away = false
    expect(await ring.find('made up')).toEqual({ kind: 'unknown' })
  })
})

describe('a store that is away at the start', () => {
  test('leaves the ring without a signer until it is there', async () => {
    store.away = true
    const ring = await started()
    expect(ring.signer()).toBeUndefined()
    expect(ring.published()).toEqual([])
    expect(await ring.find('some')).toEqual({ kind: 'unavailable' })
    store.away = false
    await vi.waitFor(() => expect(ring.signer()).toBeDefined())
    expect(await store.held()).toHaveLength(1)
  })
})

describe('a store that forgot', () => {
  test('gets the keys back, so that tokens under them stay good for new nodes too', async () => {
    const ring = await started()
    const { kid } = signerOf(ring)
    await ring.rotate()
    const before = await store.held()
    await store.forget()
    expect(await ring.putBack()).toBe(true)
    expect(new Set(await store.held())).toEqual(new Set(before))
    expect(signerOf(await started()).kid).toBe(kid)
  })

  test('ends with one signer for all, though another node was faster with a new key', async () => {
    const old = await started()
    const { kid } = signerOf(old)
    await store.forget()
    const young = await started()
    await old.putBack()
    clock.turn(RELOAD_EVERY_MS)
    expect(await young.find(kid)).toMatchObject({ kind: 'found' })
    expect(signerOf(young).kid).toBe(signerOf(old).kid)
    expect(old.published()).toHaveLength(2)
  })

  test('nothing keeps what it has, and is away without harm', async () => {
    const ring = await started()
    const before = await store.held()
    expect(await ring.putBack()).toBe(true)
    expect(await store.held()).toEqual(before)
    store.away = true
    expect(await ring.putBack()).toBe(false)
    expect(ring.signer()).toBeDefined()
  })
})

test('a node whose clock is wrong by hours takes no key from the others, and they do not fight', async () => {
  const ring = await started()
  const first = signerOf(ring).kid
  await ring.rotate()
  clock.turn(PUBLISHED_BEFORE_MS)
  expect(statesOf(ring)).toEqual(['active', 'retiring'])
  const ahead = turnedClock(clock.now() + 5 * HOUR)
  const wrong = createSharedRing(
    store,
    seal,
    { alg: 'EdDSA', rotateEveryMs: LIFE, compromised: [] },
    {
      clock: ahead,
      random: randomBytes,
      watch,
    },
  )
  open.push(wrong)
  await wrong.start()
  const swaps = store.swaps
  for (let round = 0; round < 5; round++) {
    for (const time of [clock, ahead]) time.turn(10 * RELOAD_EVERY_MS)
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  expect(store.swaps).toBe(swaps)
  expect(ring.find(first)).toMatchObject({ kind: 'found' })
  expect(signerOf(wrong).kid).toBe(signerOf(ring).kid)
})

describe('a key that is sealed under another secret', () => {
  test('is left alone, with one notice, and a key of this secret is made beside it', async () => {
    const stranger = await started(sealUnder(randomBytes(32)))
    const { kid } = signerOf(stranger)
    stranger.close()
    const ring = await started()
    expect(signerOf(ring).kid).not.toBe(kid)
    clock.turn(RELOAD_EVERY_MS)
    expect(await ring.find(kid)).toEqual({ kind: 'unknown' })
    expect(notices.filter((line) => line.includes(kid))).toHaveLength(1)
    expect(kidsOf(await store.held())).toContain(kid)
    const held = await store.read()
    if (held.kind !== 'read') throw new Error(held.kind)
    await store.swap(
      held.entries.filter((entry) => entry.kid !== kid),
      held.version,
    )
    await ring.putBack()
    expect(kidsOf(await store.held())).toEqual([signerOf(ring).kid])
  })

  test('is one of many, and they are told in one notice', async () => {
    const strange = async () => sealUnder(randomBytes(32)).seal(await scheduled())
    await put(await strange(), await strange(), await strange())
    await started()
    clock.turn(RELOAD_EVERY_MS)
    expect(notices).toEqual([
      expect.stringMatching(/^no "secret" decrypts the signing keys \S+ and 2 more in the store: give every/),
    ])
  })

  test('that is still in force is opened, and sealed anew at the start of a node with the new one', async () => {
    const old = await started()
    const { kid } = signerOf(old)
    const current = randomBytes(32)
    const ring = await started(sealUnder(current, secret))
    expect(signerOf(ring).kid).toBe(kid)
    expect(notices).toEqual([])
    const [sealed] = (await store.held()) as readonly [SealedKey]
    expect(await sealUnder(current).unseal(sealed)).toMatchObject({ kid })
    expect(await seal.unseal(sealed)).toBeUndefined()
    const swaps = store.swaps
    await started(sealUnder(current, secret))
    await old.putBack()
    expect(store.swaps).toBe(swaps)
    expect(signerOf(old).kid).toBe(kid)
    expect(notices).toEqual([])
  })
})
