import { inspect } from 'node:util'
import {
  generatePkcs11Key,
  type Pkcs11KeyOptions,
  type Pkcs11SignerOptions,
  pkcs11Signer,
} from '@sallyport/pkcs11'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const hidden = 'hunter2-hunter2-hunter2-hunter2'
const common = { module: '/nowhere/libsofthsm2.so', token: 'sallyport', pin: () => hidden }
const good = { ...common, key: { label: 'access' }, algorithm: 'ES256' }
const { token: _token, ...nowhere } = good

const label = 'a string of 1 to 255 bytes'
const hex = '1 to 64 bytes in hexadecimal digits'
const sessions = 'a whole number from 1 to 64'
const timeout = 'a whole number from 50 to 60000'
const algorithm = 'one of "EdDSA", "ES256", "RS256", "PS256"'
const pin = 'a function that returns the PIN'
const ofKey = 'module, token, slot, pin, algorithm, key'

// biome-ignore format: one row, one line
const wrongInBoth: readonly WrongOption[] = [
  { name: 'null', options: null, option: 'pkcs11', allowed: 'an object with module, token, slot, pin, algorithm, key' },
  { name: 'an array', options: [good], option: 'pkcs11', allowed: 'an object with module, token, slot, pin, algorithm, key' },
  { name: 'the PIN alone', options: hidden, option: 'pkcs11', allowed: 'an object with module, token, slot, pin, algorithm, key' },
  { name: 'misspelled', options: { ...good, module: undefined, modul: common.module }, option: 'pkcs11.modul', says: 'unknown option "pkcs11.modul" (did you mean "pkcs11.module"?)' },
  { name: 'in other letters', options: { ...good, Slot: 0 }, option: 'pkcs11.Slot', says: 'unknown option "pkcs11.Slot" (did you mean "pkcs11.slot"?)' },

  { name: 'missing', options: { ...good, module: undefined }, option: 'pkcs11.module', says: '"pkcs11.module" is required: give an absolute path' },
  { name: 'a name, to be looked for', options: { ...good, module: 'libsofthsm2.so' }, option: 'pkcs11.module', allowed: 'an absolute path', given: '"libsofthsm2.so"' },
  { name: 'empty', options: { ...good, module: '' }, option: 'pkcs11.module', allowed: 'an absolute path', given: '""' },

  { name: 'missing, and no slot', options: nowhere, option: 'pkcs11.token', says: '"pkcs11.token" is required: give the label of a token, or give "pkcs11.slot"' },
  { name: 'empty', options: { ...good, token: '' }, option: 'pkcs11.token', allowed: label, given: '""' },
  { name: 'a number', options: { ...good, token: 0 }, option: 'pkcs11.token', allowed: label, given: '0' },
  { name: 'beside a token', options: { ...good, slot: 0 }, option: 'pkcs11.slot', says: 'give either "pkcs11.token" or "pkcs11.slot", not both' },
  { name: 'a label', options: { ...nowhere, slot: 'sallyport' }, option: 'pkcs11.slot', allowed: 'a whole number from 0 to 4294967295', given: '"sallyport"' },
  { name: 'below 0', options: { ...nowhere, slot: -1 }, option: 'pkcs11.slot', allowed: 'a whole number from 0 to 4294967295', given: '-1' },

  { name: 'missing', options: { ...good, pin: undefined }, option: 'pkcs11.pin', says: `"pkcs11.pin" is required: give ${pin}` },
  { name: 'the PIN itself', options: { ...good, pin: hidden }, option: 'pkcs11.pin', allowed: pin },

  { name: 'missing', options: { ...good, key: undefined }, option: 'pkcs11.key', says: '"pkcs11.key" is required: give an object with label, id' },
  { name: 'a label', options: { ...good, key: 'access' }, option: 'pkcs11.key', allowed: 'an object with label, id', given: '"access"' },
  { name: 'misspelled', options: { ...good, key: { label: 'access', ids: '01' } }, option: 'pkcs11.key.ids', says: 'unknown option "pkcs11.key.ids" (did you mean "pkcs11.key.id"?)' },
  { name: 'misspelled', options: { ...good, key: { lable: 'access' } }, option: 'pkcs11.key.lable', says: 'unknown option "pkcs11.key.lable" (did you mean "pkcs11.key.label"?)' },
  { name: 'like no other', options: { ...good, key: { slot: 0 } }, option: 'pkcs11.key.slot', says: 'unknown option "pkcs11.key.slot"; there are label, id' },
  { name: 'empty', options: { ...good, key: { label: '' } }, option: 'pkcs11.key.label', allowed: label, given: '""' },
  { name: 'too long in bytes', options: { ...good, key: { label: 'ü'.repeat(128) } }, option: 'pkcs11.key.label', allowed: label, given: `"${'ü'.repeat(64)}"` },
  { name: 'bytes', options: { ...good, key: { label: 'access', id: Buffer.of(1) } }, option: 'pkcs11.key.id', allowed: hex, given: 'an object' },
  { name: 'half a byte', options: { ...good, key: { label: 'access', id: '1' } }, option: 'pkcs11.key.id', allowed: hex, given: '"1"' },
  { name: 'no digits', options: { ...good, key: { label: 'access', id: 'xy' } }, option: 'pkcs11.key.id', allowed: hex, given: '"xy"' },
  { name: 'too long', options: { ...good, key: { label: 'access', id: '01'.repeat(65) } }, option: 'pkcs11.key.id', allowed: hex, given: `"${'01'.repeat(32)}"` },

  { name: 'missing', options: { ...good, algorithm: undefined }, option: 'pkcs11.algorithm', says: `"pkcs11.algorithm" is required: give ${algorithm}` },
  { name: 'symmetric', options: { ...good, algorithm: 'HS256' }, option: 'pkcs11.algorithm', allowed: algorithm, given: '"HS256"' },
]

// biome-ignore format: one row, one line
const wrongInSigner: readonly WrongOption[] = [
  { name: 'neither label nor id', options: { ...good, key: {} }, option: 'pkcs11.key', says: '"pkcs11.key" is empty: give "pkcs11.key.label", "pkcs11.key.id" or both' },
  { name: 'empty', options: { ...good, kid: '' }, option: 'pkcs11.kid', allowed: '1 to 128 printable ASCII characters', given: '""' },
  { name: 'with a blank', options: { ...good, kid: 'a b' }, option: 'pkcs11.kid', allowed: '1 to 128 printable ASCII characters', given: '"a b"' },
  { name: 'a string', options: { ...good, allowExtractable: 'false' }, option: 'pkcs11.allowExtractable', allowed: 'true or false', given: '"false"' },
  { name: 'none', options: { ...good, sessions: 0 }, option: 'pkcs11.sessions', allowed: sessions, given: '0' },
  { name: 'too many', options: { ...good, sessions: 65 }, option: 'pkcs11.sessions', allowed: sessions, given: '65' },
  { name: 'too short', options: { ...good, timeoutMs: 49 }, option: 'pkcs11.timeoutMs', allowed: timeout, given: '49' },
  { name: 'too long', options: { ...good, timeoutMs: 60_001 }, option: 'pkcs11.timeoutMs', allowed: timeout, given: '60001' },
  { name: 'a fraction', options: { ...good, timeoutMs: 99.5 }, option: 'pkcs11.timeoutMs', allowed: timeout, given: '99.5' },
]

// biome-ignore format: one row, one line
const wrongInKey: readonly WrongOption[] = [
  { name: 'missing', options: { ...good, key: { id: '01' } }, option: 'pkcs11.key.label', says: `"pkcs11.key.label" is required: give ${label}` },
  { name: 'of a signer', options: { ...good, sessions: 4 }, option: 'pkcs11.sessions', says: `unknown option "pkcs11.sessions"; there are ${ofKey}` },
  { name: 'of a signer', options: { ...good, allowExtractable: true }, option: 'pkcs11.allowExtractable', says: `unknown option "pkcs11.allowExtractable"; there are ${ofKey}` },
]

const makers = {
  pkcs11Signer: {
    make: (options: unknown) => pkcs11Signer(options as Pkcs11SignerOptions),
    wrong: [...wrongInBoth, ...wrongInSigner],
  },
  generatePkcs11Key: {
    make: (options: unknown) => generatePkcs11Key(options as Pkcs11KeyOptions),
    wrong: [...wrongInBoth, ...wrongInKey],
  },
}

for (const [maker, { make, wrong }] of Object.entries(makers))
  describe(`a wrong option of ${maker} is refused by its path, and the PIN is not shown:`, () => {
    for (const row of wrong)
      test(`${row.option}: ${row.name}`, async () => {
        const fault = await configFault(() => make(row.options))
        expectRefusal(fault, row)
        expect(inspect(fault, { depth: 9, showHidden: true })).not.toContain(hidden)
      })
  })

describe('right options of pkcs11Signer get as far as the library, which is not there:', () => {
  const right: Readonly<Record<string, unknown>> = {
    'a token and a label': good,
    'a slot and an id': { ...nowhere, slot: 0, key: { id: 'a0FF' } },
    'a label and an id': { ...good, key: { label: 'access', id: '01'.repeat(64) } },
    'a PIN that comes later': { ...good, pin: async () => hidden },
    'undefined everywhere': {
      ...good,
      ...{ slot: undefined, kid: undefined, allowExtractable: undefined },
      ...{ sessions: undefined, timeoutMs: undefined },
    },
    'the least': { ...good, sessions: 1, timeoutMs: 50, kid: 'k' },
    'the most': { ...good, sessions: 64, timeoutMs: 60_000, kid: 'k'.repeat(128), allowExtractable: true },
  }
  for (const [name, options] of Object.entries(right))
    for (const { make } of name === 'a token and a label' ? Object.values(makers) : [makers.pkcs11Signer])
      test(name, async () => {
        const fault = await configFault(() => make(options))
        expect(fault.option).toBe('pkcs11.module')
        expect(fault.message).toContain('"/nowhere/libsofthsm2.so" (there is no such file)')
      })
})

test('without the native binding, which is loaded with the first library, it is said what is missing', async () => {
  const fault = await configFault(() => makers.pkcs11Signer.make({ ...good, module: process.execPath }))
  expect(fault.message).toBe(
    '"pkcs11.module" needs the package pkcs11js, which is not installed or was not built: ' +
      'run "npm install pkcs11js"',
  )
})
