import { inspect } from 'node:util'
import { isSignature } from '@sallyport/core/signer'
import { generatePkcs11Key, Pkcs11Error, type Pkcs11SignerOptions, pkcs11Signer } from '@sallyport/pkcs11'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { holdUp } from '../support/hold-up.ts'
import { fault, faultyLibrary, inSession, makeToken, openCryptoki, pin, type Token } from './token.ts'

const CKR_GENERAL_ERROR = 0x5
const CKR_DEVICE_REMOVED = 0x32
const CKR_DEVICE_ERROR = 0x30

const input = Buffer.from('input')
const key = { label: 'good' }
const algorithm = 'ES256'
let token: Token
let asked = 0
let current = pin

const place = {
  module: faultyLibrary,
  token: 'sallyport',
  pin() {
    asked++
    return current
  },
}

beforeAll(async () => {
  token = makeToken(openCryptoki(faultyLibrary), 'sallyport')
  await generatePkcs11Key({ ...place, key, algorithm })
})
afterEach(() => fault())
afterAll(() => token.cryptoki.C_Finalize())

async function open(more: Partial<Pkcs11SignerOptions> = {}) {
  const signer = await pkcs11Signer({ ...place, key, algorithm, timeoutMs: 10_000, ...more })
  asked = 0
  return {
    ...signer,
    async signs() {
      return isSignature(signer, input, await signer.sign(input))
    },
    /** The error that a signature is refused with. */
    fails: () => errorOf(signer.sign(input)),
  }
}

function errorOf(signing: Promise<unknown>): Promise<unknown> {
  return signing.then(
    () => 'a signature',
    (error: unknown) => error,
  )
}

test('a process that is held up for longer than the time given still takes the signature', async () => {
  const signer = await open({ timeoutMs: 100 })
  for (let time = 0; time < 3; time++) {
    const signed = signer.signs()
    holdUp(250)
    expect(await signed).toBe(true)
  }
  signer.close()
})

describe('a signature that is not by the key is not handed out:', () => {
  test.each(['ES256', 'EdDSA', 'RS256', 'PS256'] as const)('%s', async (alg) => {
    await generatePkcs11Key({ ...place, key: { label: `spoilt ${alg}` }, algorithm: alg })
    const signer = await open({ key: { label: `spoilt ${alg}` }, algorithm: alg })
    expect(await signer.signs()).toBe(true)
    fault('spoil 0')
    expect(await signer.fails()).toMatchObject({
      name: 'Pkcs11Error',
      kind: 'failed',
      message: 'the HSM gave something that is not a signature by this key',
    })
    fault()
    expect(await signer.signs()).toBe(true)
    signer.close()
  })
})

describe('a slow HSM', () => {
  test('is given up in time, and used again when it answers', async () => {
    const signer = await open({ timeoutMs: 100, sessions: 2 })
    fault('sleep 700')
    const errors = await Promise.all(Array.from({ length: 6 }, signer.fails))
    for (const error of errors)
      expect(error).toMatchObject({ name: 'Pkcs11Error', code: 'ERR_PKCS11', kind: 'timeout' })
    fault()
    // The sessions are still held by the signatures that nobody waits for any more.
    await expect.poll(signer.signs, { timeout: 10_000 }).toBe(true)
    signer.close()
  })

  test('does not hold up the process', async () => {
    const signer = await open({ sessions: 2 })
    fault('sleep 500')
    const turns: string[] = []
    const signing = signer.signs().then((good) => turns.push(String(good)))
    await new Promise((resolve) => setTimeout(resolve, 1).unref())
    turns.push('turned')
    await signing
    expect(turns).toEqual(['turned', 'true'])
    signer.close()
  })

  test('has a queue with an end', async () => {
    const signer = await open({ timeoutMs: 200, sessions: 1 })
    fault('sleep 300')
    const errors = await Promise.all(Array.from({ length: 1030 }, signer.fails))
    const kinds = errors.map((error) => (error instanceof Pkcs11Error ? error.kind : error))
    expect(kinds.filter((kind) => kind === 'busy')).toHaveLength(5)
    expect(kinds.filter((kind) => kind === 'timeout')).toHaveLength(1025)
    signer.close()
  })
})

describe('a lost log-in is renewed once', () => {
  // biome-ignore format: one row, one line
  const losses: readonly (readonly [string, () => void])[] = [
    ['when all sessions are closed', () => token.cryptoki.C_CloseAllSessions(token.slot)],
    ['when the user is logged out', () => inSession(token, (session) => token.cryptoki.C_Logout(session))],
    ['when the token was out', () => fault(`once ${CKR_DEVICE_REMOVED}`)],
    ['when the device had an error', () => fault(`once ${CKR_DEVICE_ERROR}`)],
  ]
  for (const [name, lose] of losses)
    test(`${name}: no signature is lost`, async () => {
      const signer = await open({ sessions: 3 })
      lose()
      expect(await Promise.all(Array.from({ length: 20 }, signer.signs))).toEqual(Array(20).fill(true))
      expect(asked).toBe(1)
      signer.close()
    })
})

describe('an HSM that is gone', () => {
  test('is tried again once, then the signature fails and says why', async () => {
    const signer = await open()
    fault(`return ${CKR_DEVICE_REMOVED}`)
    expect(await signer.fails()).toMatchObject({ kind: 'failed', returned: 'CKR_DEVICE_REMOVED' })
    expect(asked).toBe(1)
    signer.close()
  })

  test('is not logged in to again within the same second', async () => {
    const signer = await open()
    fault(`return ${CKR_DEVICE_REMOVED}`)
    await signer.fails()
    expect(await signer.fails()).toMatchObject({ kind: 'failed' })
    expect(asked).toBe(1)
    fault()
    await expect.poll(() => signer.signs().catch(() => false), { timeout: 10_000 }).toBe(true)
    expect(asked).toBe(2)
    signer.close()
  })

  test('is not left for a fault of another kind', async () => {
    const signer = await open()
    fault(`once ${CKR_GENERAL_ERROR}`)
    expect(await signer.fails()).toMatchObject({ kind: 'failed', returned: 'CKR_GENERAL_ERROR' })
    expect(await signer.signs()).toBe(true)
    expect(asked).toBe(0)
    signer.close()
  })
})

test('a PIN that the token refuses by now is not tried again, lest it be locked', async () => {
  const signer = await open()
  const next = 'hunter4-hunter4'
  inSession(token, (session) => token.cryptoki.C_SetPIN(session, pin, next))
  token.cryptoki.C_CloseAllSessions(token.slot)
  const error = await signer.fails()
  expect(error).toMatchObject({ kind: 'failed' })
  expect(String(error)).toContain('CKR_PIN_INCORRECT')
  for (const secret of [pin, next]) expect(inspect(error, { showHidden: true })).not.toContain(secret)
  await new Promise((resolve) => setTimeout(resolve, 1100).unref())
  await signer.fails()
  expect(asked).toBe(1)
  signer.close()

  current = next
  const other = await open()
  expect(await other.signs()).toBe(true)
  inSession(token, (session) => token.cryptoki.C_SetPIN(session, next, pin))
  other.close()
  current = pin
})

test('a key that is another one by now signs nothing', async () => {
  const made = { label: 'swapped' }
  await generatePkcs11Key({ ...place, key: made, algorithm })
  const signer = await open({ key: made })
  inSession(token, (session) => {
    token.cryptoki.C_FindObjectsInit(session, [{ type: 0x3, value: 'swapped' }])
    const objects = token.cryptoki.C_FindObjects(session, 9)
    token.cryptoki.C_FindObjectsFinal(session)
    for (const object of objects) token.cryptoki.C_DestroyObject(session, object)
  })
  await generatePkcs11Key({ ...place, key: made, algorithm })
  token.cryptoki.C_CloseAllSessions(token.slot)
  const error = await signer.fails()
  expect(error).toMatchObject({ kind: 'failed' })
  expect(String(error)).toContain('the name of the same key as at start')
  signer.close()
})

describe('a closed signer', () => {
  test('signs nothing, and may be closed again', async () => {
    const signer = await open()
    signer.close()
    signer.close()
    expect(await signer.fails()).toMatchObject({ kind: 'closed' })
  })

  test('rejects what waits, and hands out what is being made', async () => {
    const signer = await open({ sessions: 2 })
    fault('sleep 200')
    const signing = Array.from({ length: 5 }, signer.fails)
    signer.close()
    const outcomes = await Promise.all(signing)
    expect(outcomes.slice(0, 2)).toEqual(['a signature', 'a signature'])
    for (const outcome of outcomes.slice(2)) expect(outcome).toMatchObject({ kind: 'closed' })
  })

  test('does not log in again for a signature that failed meanwhile', async () => {
    const signer = await open({ sessions: 1 })
    fault(`once ${CKR_DEVICE_REMOVED}`)
    const signing = signer.fails()
    signer.close()
    expect(await signing).toMatchObject({ returned: 'CKR_DEVICE_REMOVED' })
    expect(asked).toBe(0)
  })
})
