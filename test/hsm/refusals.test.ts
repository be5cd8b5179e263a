import { inspect } from 'node:util'
import { generatePkcs11Key, type Pkcs11SignerOptions, pkcs11Signer } from '@sallyport/pkcs11'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { inSession, library, makeKey, makeToken, openCryptoki, pin, type Token } from './token.ts'

const place = { module: library, token: 'sallyport', pin: () => pin }
const good = { ...place, key: { label: 'good' }, algorithm: 'ES256' } as const
const [SENSITIVE, PRIVATE, SIGN, EXTRACTABLE] = [0x103, 0x2, 0x108, 0x162]
let token: Token

beforeAll(async () => {
  const cryptoki = openCryptoki()
  token = makeToken(cryptoki, 'sallyport')
  makeToken(cryptoki, 'twin')
  makeToken(cryptoki, 'twin')
  await generatePkcs11Key(good)
  const flags = (given: Readonly<Record<number, boolean>>) =>
    Object.entries(given).map(([type, value]) => ({ type: Number(type), value }))
  const safe = { [SENSITIVE]: true, [EXTRACTABLE]: false, [PRIVATE]: true, [SIGN]: true }
  makeKey(token, 'twins', '01', flags(safe))
  makeKey(token, 'twins', '02', flags(safe))
  makeKey(token, 'extractable', '03', flags({ ...safe, [EXTRACTABLE]: true }))
  makeKey(token, 'readable', '04', flags({ ...safe, [SENSITIVE]: false }))
  makeKey(token, 'public', '05', flags({ ...safe, [PRIVATE]: false }))
  makeKey(token, 'mute', '06', flags({ ...safe, [SIGN]: false }))
  makeKey(token, 'alone', '07', flags(safe))
  makeKey(token, 'changeling', '08', flags(safe))
  makeKey(token, 'P-384', '09', flags(safe), '06052b81040022')
  makeRsaKey('short', 1024)
  makeRsaKey('RSA alone', 2048)
  for (const label of ['alone', 'RSA alone', 'changeling']) destroy(2, label)
  // Its place is taken by the public half of another key.
  makeKey(token, 'spare', '0a', flags(safe))
  rename(2, 'spare', '08')
})
afterAll(() => token.cryptoki.C_Finalize())

function makeRsaKey(label: string, bits: number): void {
  const name = [
    { type: 0x1, value: true },
    { type: 0x3, value: label },
  ]
  const size = [
    { type: 0x121, value: bits },
    { type: 0x122, value: Buffer.of(1, 0, 1) },
  ]
  const safe = [
    { type: SENSITIVE, value: true },
    { type: EXTRACTABLE, value: false },
    { type: PRIVATE, value: true },
    { type: SIGN, value: true },
  ]
  inSession(token, (session) =>
    token.cryptoki.C_GenerateKeyPair(session, { mechanism: 0 }, [...name, ...size], [...name, ...safe]),
  )
}

function withObject(kind: number, label: string, act: (session: Buffer, object: Buffer) => void): void {
  inSession(token, (session) => {
    token.cryptoki.C_FindObjectsInit(session, [
      { type: 0x0, value: kind },
      { type: 0x3, value: label },
    ])
    const [object] = token.cryptoki.C_FindObjects(session, 1)
    token.cryptoki.C_FindObjectsFinal(session)
    if (object === undefined) throw new Error(`there is no object ${label}`)
    act(session, object)
  })
}

function destroy(kind: number, label: string): void {
  withObject(kind, label, (session, object) => token.cryptoki.C_DestroyObject(session, object))
}

function rename(kind: number, label: string, id: string): void {
  withObject(kind, label, (session, object) =>
    token.cryptoki.C_SetAttributeValue(session, object, [{ type: 0x102, value: Buffer.from(id, 'hex') }]),
  )
}

interface Wrong {
  readonly name: string
  readonly options: Partial<Pkcs11SignerOptions>
  readonly option: string
  readonly says: string
}

const wrongPin = 'hunter3-hunter3'
const exactlyOne = 'the name of exactly one private key in the token'

// biome-ignore format: one row, one line
const wrong: readonly Wrong[] = [
  { name: 'a path with nothing there', options: { module: '/nowhere/lib.so' }, option: 'module', says: '"/nowhere/lib.so" (there is no such file)' },
  { name: 'a file that is no library', options: { module: import.meta.filename }, option: 'module', says: 'must be a PKCS#11 library' },
  { name: 'a library of another kind', options: { module: process.execPath }, option: 'module', says: 'must be a PKCS#11 library' },
  { name: 'no such token', options: { token: 'other' }, option: 'token', says: 'the label of exactly one token; got "other", the label of no token' },
  { name: 'two tokens of that label', options: { token: 'twin' }, option: 'token', says: 'the label of exactly one token; got "twin", the label of 2 tokens' },
  { name: 'a part of a label', options: { token: 'sally' }, option: 'token', says: 'the label of no token' },
  { name: 'no such slot', options: { token: undefined, slot: 4_000_000_000 }, option: 'slot', says: 'a slot with a token in it; got 4000000000' },
  { name: 'a wrong PIN', options: { pin: () => wrongPin }, option: 'pin', says: 'the token refuses the PIN (CKR_PIN_INCORRECT)' },
  { name: 'a short PIN', options: { pin: () => '1' }, option: 'pin', says: 'CKR_PIN_' },
  { name: 'no PIN, as of an unset variable', options: { pin: () => undefined }, option: 'pin', says: 'a function that returns none' },
  { name: 'a PIN that can not be had', options: { pin: () => Promise.reject(new Error(wrongPin)) }, option: 'pin', says: 'a function that fails' },
  { name: 'no key of that label', options: { key: { label: 'other' } }, option: 'key', says: `${exactlyOne}; got the name of none` },
  { name: 'no key of that id', options: { key: { id: 'ff' } }, option: 'key', says: 'the name of none' },
  { name: 'a key of that label with another id', options: { key: { label: 'twins', id: '03' } }, option: 'key', says: 'the name of none' },
  { name: 'two keys of that label', options: { key: { label: 'twins' } }, option: 'key', says: `${exactlyOne}; got the name of several` },
  { name: 'a key of another type', options: { algorithm: 'EdDSA' }, option: 'key', says: 'a key for EdDSA' },
  { name: 'a key on another curve', options: { key: { label: 'P-384' } }, option: 'key', says: 'a key on the curve P-256' },
  { name: 'a short RSA key', options: { key: { label: 'short' }, algorithm: 'RS256' }, option: 'key', says: 'an RSA key of at least 2048 bits; got 1024 bits' },
  { name: 'an extractable key', options: { key: { label: 'extractable' } }, option: 'key', says: 'CKA_EXTRACTABLE' },
  { name: 'a key that is not sensitive', options: { key: { label: 'readable' } }, option: 'key', says: 'CKA_SENSITIVE' },
  { name: 'a key that works without the PIN', options: { key: { label: 'public' } }, option: 'key', says: 'CKA_PRIVATE' },
  { name: 'a key that must not sign', options: { key: { label: 'mute' } }, option: 'key', says: 'CKA_SIGN' },
  { name: 'a key without a public half', options: { key: { label: 'alone' } }, option: 'key', says: 'a key whose public half is in the token too' },
  { name: 'a key with the public half of another', options: { key: { label: 'changeling' } }, option: 'key', says: 'halves belong together' },
]

describe('what is not right in the HSM is refused by the path of the option:', () => {
  for (const { name, options, option, says } of wrong)
    test(`${option}: ${name}`, async () => {
      const fault = await configFault(() => pkcs11Signer({ ...good, ...options }))
      expect(fault).toMatchObject({ name: 'ConfigError', code: 'ERR_CONFIG', option: `pkcs11.${option}` })
      expect(fault.message).toContain(says)
      for (const shown of [fault.message, inspect(fault, { depth: 9, showHidden: true }), fault.stack])
        for (const secret of [pin, wrongPin]) expect(shown).not.toContain(secret)
      const signer = await pkcs11Signer(good)
      signer.close()
    })
})

describe('keys with a weakness are taken where that is wanted:', () => {
  for (const label of ['extractable', 'readable'])
    test(label, async () => {
      const signer = await pkcs11Signer({ ...good, key: { label }, allowExtractable: true })
      expect(await signer.sign(Buffer.from('input'))).toHaveLength(64)
      signer.close()
    })
})

test('of two keys of one label the id picks one', async () => {
  const signers = [
    await pkcs11Signer({ ...good, key: { label: 'twins', id: '01' } }),
    await pkcs11Signer({ ...good, key: { label: 'twins', id: '02' } }),
  ]
  expect(new Set(signers.map(({ kid }) => kid))).toHaveLength(2)
  for (const signer of signers) signer.close()
})

test('an RSA key without an object for its public half has it itself', async () => {
  const signer = await pkcs11Signer({ ...good, key: { label: 'RSA alone' }, algorithm: 'PS256' })
  expect(await signer.sign(Buffer.from('input'))).toHaveLength(256)
  signer.close()
})

describe('a new key is not made', () => {
  // biome-ignore format: one row, one line
  const rows = [
    { name: 'under a label that is taken', key: { label: 'good' }, option: 'pkcs11.key.label' },
    { name: 'under an id that is taken', key: { label: 'new', id: '03' }, option: 'pkcs11.key.id' },
  ]
  for (const { name, key, option } of rows)
    test(name, async () => {
      const fault = await configFault(() => generatePkcs11Key({ ...good, key }))
      expect(fault).toMatchObject({ option })
      expect(fault.message).toContain(`has this "${option}" already: choose another`)
    })

  test('with a wrong PIN', async () => {
    const fault = await configFault(() =>
      generatePkcs11Key({ ...good, key: { label: 'new' }, pin: () => wrongPin }),
    )
    expect(fault).toMatchObject({ option: 'pkcs11.pin' })
    expect(inspect(fault, { depth: 9, showHidden: true })).not.toContain(wrongPin)
  })
})
