import { randomBytes } from 'node:crypto'
import type { KeyRecord, SealedKey } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { generateSigningKey } from '../../packages/core/src/keys/jwk.ts'
import { createFixedRing, createSharedRing, type KeyRing } from '../../packages/core/src/keys/ring.ts'
import { createKeySeal, type KeySeal } from '../../packages/core/src/keys/seal.ts'
import type { Signer, SigningAlgorithm } from '../../packages/core/src/ports/signer.ts'
import { deriveKeys } from '../../packages/core/src/secrets.ts'
import { type TurnedClock, turnedClock } from '../support/turned-clock.ts'
import { type WatchedKeys, watchedKeys } from './watched-keys.ts'

const RELOAD_EVERY_MS = 1000

const sealUnder = (...secrets: readonly [Uint8Array, ...Uint8Array[]]): KeySeal =>
  createKeySeal(deriveKeys(secrets))
const secret = randomBytes(32)
const seal = sealUnder(secret)

let clock: TurnedClock
let store: WatchedKeys
const notices: string[] = []

beforeEach(async () => {
  clock = turnedClock()
  store = await watchedKeys()
  notices.length = 0
})
afterEach(() => {
  expect(notices.join()).not.toContain(secret.toString('base64url'))
})

const ringWith = (sealed: KeySeal, alg: SigningAlgorithm = 'EdDSA'): KeyRing =>
  createSharedRing(store, sealed, alg, clock, (message) => notices.push(message))
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
async function held(): Promise<KeyRecord> {
  const record = await store.read()
  if (record.kind === 'unavailable') throw new Error('the store is away')
  return record
}

describe('a shared ring', () => {
  test('begins with a key that is made, sealed and shared', async () => {
    const ring = await started()
    const { keys } = await held()
    const signer = signerOf(ring)
    expect(keys.map((key) => key.kid)).toEqual([signer.kid])
    const opened = await seal.open(keys[0] as SealedKey)
    expect(opened).toMatchObject({ kid: signer.kid, alg: 'EdDSA' })
    const { d } = opened?.privateKey.export({ format: 'jwk' }) ?? {}
    expect(d).toHaveLength(43)
    expect(JSON.stringify(keys)).not.toContain(d)
    expect(notices).toEqual([])
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
  })

  test('has one signer, though many nodes start at once', async () => {
    const rings = await Promise.all(Array.from({ length: 10 }, () => started()))
    expect(new Set(rings.map((ring) => signerOf(ring).kid)).size).toBe(1)
    expect((await held()).keys).toHaveLength(1)
  })

  test('makes one key, though it is asked many times at once', async () => {
    const ring = ringWith(seal)
    await Promise.all([ring.start(), ring.start(), ring.find('x'), ring.find('y')])
    expect(store.reads).toBe(1)
    expect((await held()).keys).toHaveLength(1)
  })

  test('signs with the same key on all nodes, in whatever order they came to know the keys', async () => {
    const one = await started()
    const added = await generateSigningKey('EdDSA')
    const two = await started()
    await store.add([await seal.seal(added)])
    clock.turn(RELOAD_EVERY_MS)
    await Promise.all([one, two].map((ring) => ring.find(added.kid)))
    const three = await started()
    const kids = [one, two, three].map((ring) => signerOf(ring).kid)
    expect(new Set(kids).size).toBe(1)
    for (const ring of [one, two, three]) expect(ring.published()).toHaveLength(2)
  })

  test('of another algorithm gets a key of its own, and still verifies with the others', async () => {
    const old = await started(seal, 'EdDSA')
    const ring = await started(seal, 'ES256')
    expect(signerOf(ring).alg).toBe('ES256')
    expect(ring.find(signerOf(old).kid)).toMatchObject({ kind: 'found', key: { alg: 'EdDSA' } })
    expect((await held()).keys).toHaveLength(2)
  })
})

describe('a key that is asked for by name', () => {
  test('is found at once where it is known, without the store', async () => {
    const ring = await started()
    store.away = true
    clock.turn(10 * RELOAD_EVERY_MS)
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
    const added = await generateSigningKey('EdDSA')
    await store.add([await seal.seal(added)])
    clock.turn(RELOAD_EVERY_MS)
    const found = await ring.find(added.kid)
    expect(found).toMatchObject({ kind: 'found', key: { kid: added.kid } })
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
    expect(ring.signer()).toBeUndefined()
    await vi.waitFor(() => expect(ring.signer()).toBeDefined())
    expect((await held()).keys).toHaveLength(1)
  })
})

describe('a store that forgot', () => {
  test('gets the keys back, so that tokens under them stay good for new nodes too', async () => {
    const ring = await started()
    const { kid } = signerOf(ring)
    await store.forget()
    await ring.putBack()
    expect((await held()).keys.map((key) => key.kid)).toEqual([kid])
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
    const before = await held()
    await ring.putBack()
    expect(await held()).toEqual(before)
    store.away = true
    await ring.putBack()
    expect(ring.signer()).toBeDefined()
  })
})

describe('a key that is sealed under another secret', () => {
  test('is left alone, with one notice, and a key of this secret is made beside it', async () => {
    const stranger = await started(sealUnder(randomBytes(32)))
    const { kid } = signerOf(stranger)
    const ring = await started()
    expect(signerOf(ring).kid).not.toBe(kid)
    clock.turn(RELOAD_EVERY_MS)
    expect(await ring.find(kid)).toEqual({ kind: 'unknown' })
    expect(notices).toEqual([expect.stringContaining(kid)])
    expect((await held()).keys.map((key) => key.kid)).toContain(kid)
  })

  test('is opened while that secret is still in force, and nothing is sealed under it any more', async () => {
    const { kid } = signerOf(await started())
    const current = randomBytes(32)
    const ring = await started(sealUnder(current, secret))
    expect(signerOf(ring).kid).toBe(kid)
    expect(notices).toEqual([])
    await store.forget()
    await ring.putBack()
    const [sealed] = (await held()).keys as [SealedKey]
    expect(await sealUnder(current).open(sealed)).toMatchObject({ kid })
    expect(await seal.open(sealed)).toBeUndefined()
  })
})

describe('a fixed ring', () => {
  test('signs with its first key, verifies with all and never asks a store', async () => {
    const [first, second] = await Promise.all([generateSigningKey('EdDSA'), generateSigningKey('ES256')])
    const ring = createFixedRing([first, second])
    await ring.start()
    await ring.putBack()
    expect(ring.signer()).toMatchObject({ kid: first.kid, alg: first.alg })
    expect(ring.find(second.kid)).toEqual({ kind: 'found', key: second })
    expect(ring.find('other')).toEqual({ kind: 'unknown' })
    expect(ring.published().map((jwk) => jwk.kid)).toEqual([first.kid, second.kid])
    expect(JSON.stringify(ring.published())).not.toContain('"d"')
  })
})
