import { generatePkcs11Key, type Pkcs11Signer, pkcs11Signer } from '@sallyport/pkcs11'
import { beforeAll, expect, test } from 'vitest'
import { type Cryptoki, fault, faultyLibrary, library, makeToken, openCryptoki, pin } from './token.ts'

const input = Buffer.from('input')
const options = {
  module: library,
  token: 'sallyport',
  pin: () => pin,
  key: { label: 'good' },
  algorithm: 'ES256',
} as const
let cryptoki: Cryptoki

beforeAll(() => {
  cryptoki = openCryptoki()
  makeToken(cryptoki, 'sallyport')
  cryptoki.C_Finalize()
})

function isInitialised(): boolean {
  try {
    cryptoki.C_GetSlotList(true)
    return true
  } catch (cause) {
    if (String(cause).includes('CKR_CRYPTOKI_NOT_INITIALIZED')) return false
    throw cause
  }
}

function signs(signer: Pkcs11Signer): Promise<boolean> {
  return signer.sign(input).then((signature) => signature.length === 64)
}

test('a new key leaves the library as it was', async () => {
  await generatePkcs11Key(options)
  expect(isInitialised()).toBe(false)
})

test('the library is initialised once for all signers, and finalised by the last one', async () => {
  const [first, second] = await Promise.all([pkcs11Signer(options), pkcs11Signer(options)])
  expect(await signs(first)).toBe(true)
  first.close()
  first.close()
  expect(isInitialised()).toBe(true)
  expect(await signs(second)).toBe(true)
  second.close()
  expect(isInitialised()).toBe(false)

  const third = await pkcs11Signer(options)
  expect(await signs(third)).toBe(true)
  third.close()
  expect(isInitialised()).toBe(false)
})

test('a signer that is not made leaves the library as it was', async () => {
  await expect(pkcs11Signer({ ...options, key: { label: 'other' } })).rejects.toThrow('the name of none')
  expect(isInitialised()).toBe(false)
})

test('a library that another part of the process initialised stays so', async () => {
  cryptoki.C_Initialize({ flags: 2 })
  const signer = await pkcs11Signer(options)
  expect(await signs(signer)).toBe(true)
  signer.close()
  expect(isInitialised()).toBe(true)
  cryptoki.C_Finalize()
})

test('a library that another part of the process finalised is initialised again', async () => {
  const signer = await pkcs11Signer(options)
  cryptoki.C_Finalize()
  expect(await signs(signer)).toBe(true)
  signer.close()
  expect(isInitialised()).toBe(false)
})

test('a signer that is closed while it logs in again lets go of the library when it has', async () => {
  let giveLater = (): void => {}
  let isFirst = true
  const signer = await pkcs11Signer({
    ...options,
    pin() {
      if (!isFirst)
        return new Promise((resolve) => {
          giveLater = () => resolve(pin)
        })
      isFirst = false
      return pin
    },
  })
  cryptoki.C_Finalize()
  const signing = signer.sign(input).catch((error: unknown) => error)
  signer.close()
  expect(await signing).toMatchObject({ kind: 'closed' })
  giveLater()
  await new Promise((resolve) => setImmediate(resolve))
  await expect.poll(isInitialised).toBe(false)
  const others = [await pkcs11Signer(options), await pkcs11Signer(options)]
  for (const other of others) {
    expect(isInitialised()).toBe(true)
    expect(await signs(other)).toBe(true)
    other.close()
  }
  expect(isInitialised()).toBe(false)
})

test('the library is not finalised while a signature is being made', async () => {
  const signer = await pkcs11Signer({ ...options, module: faultyLibrary, timeoutMs: 50, sessions: 1 })
  fault('sleep 300')
  await expect(signer.sign(input)).rejects.toMatchObject({ kind: 'timeout' })
  signer.close()
  expect(isInitialised()).toBe(true)
  await expect.poll(isInitialised, { timeout: 10_000 }).toBe(false)
  fault()
})
