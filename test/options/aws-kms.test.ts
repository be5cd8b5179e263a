import { inspect } from 'node:util'
import { type AwsKmsSignerOptions, awsKmsSigner } from '@sallyport/aws-kms'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const hidden = 'hunter2-hunter2'
const arn = 'arn:aws:kms:eu-central-1:123456789012:key/1'
/** It would be asked only if the options were taken. */
const client = { send: () => Promise.reject(new Error('asked')) }
const good = { client, keyId: arn, algorithm: 'ES256' }
const names = 'client, keyId, algorithm, kid, timeoutMs, concurrency'
const object = `an object with ${names}`
const kms = 'a KMSClient (new KMSClient(…))'
const keyId = 'the id, ARN or alias of a key, such as "alias/access-tokens"'
const algorithm = 'one of "EdDSA", "ES256", "RS256", "PS256"'
const timeout = 'a whole number from 50 to 60000'
const count = 'a whole number from 1 to 1000'
const kid = '1 to 128 printable ASCII characters'

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'missing', options: undefined, option: 'awsKms', allowed: object },
  { name: 'null', options: null, option: 'awsKms', allowed: object },
  { name: 'a key id', options: arn, option: 'awsKms', allowed: object },
  { name: 'an array', options: [good], option: 'awsKms', allowed: object },
  { name: 'misspelled', options: { ...good, key: arn }, option: 'awsKms.key', says: 'unknown option "awsKms.key" (did you mean "awsKms.keyId"?)' },
  { name: 'an option of the client', options: { ...good, region: 'eu-central-1' }, option: 'awsKms.region', says: `unknown option "awsKms.region"; there are ${names}` },
  { name: 'credentials', options: { ...good, credentials: { secretAccessKey: hidden } }, option: 'awsKms.credentials', says: `unknown option "awsKms.credentials"; there are ${names}` },
  { name: 'a required one, misspelled', options: { client, keyID: arn, algorithm: 'ES256' }, option: 'awsKms.keyID', says: 'unknown option "awsKms.keyID" (did you mean "awsKms.keyId"?)' },
  { name: 'without its unit', options: { ...good, timeout: 50 }, option: 'awsKms.timeout', says: 'unknown option "awsKms.timeout" (did you mean "awsKms.timeoutMs"?)' },

  { name: 'missing', options: { ...good, client: undefined }, option: 'awsKms.client', says: `"awsKms.client" is required: give ${kms}` },
  { name: 'null', options: { ...good, client: null }, option: 'awsKms.client', allowed: kms },
  { name: 'the options of one', options: { ...good, client: { credentials: { secretAccessKey: hidden } } }, option: 'awsKms.client', allowed: kms },

  { name: 'missing', options: { ...good, keyId: undefined }, option: 'awsKms.keyId', says: `"awsKms.keyId" is required: give ${keyId}` },
  { name: 'empty', options: { ...good, keyId: '' }, option: 'awsKms.keyId', allowed: keyId },
  { name: 'with white space', options: { ...good, keyId: `${arn}\n` }, option: 'awsKms.keyId', allowed: keyId },
  { name: 'too long', options: { ...good, keyId: arn.padEnd(2049, '0') }, option: 'awsKms.keyId', allowed: keyId },
  { name: 'an array', options: { ...good, keyId: [arn] }, option: 'awsKms.keyId', allowed: keyId },

  { name: 'missing', options: { ...good, algorithm: undefined }, option: 'awsKms.algorithm', says: `"awsKms.algorithm" is required: give ${algorithm}` },
  { name: 'in small letters', options: { ...good, algorithm: 'es256' }, option: 'awsKms.algorithm', allowed: algorithm, given: '"es256"' },
  { name: 'the name that KMS has for it', options: { ...good, algorithm: 'ECDSA_SHA_256' }, option: 'awsKms.algorithm', allowed: algorithm, given: '"ECDSA_SHA_256"' },
  { name: 'none', options: { ...good, algorithm: 'none' }, option: 'awsKms.algorithm', allowed: algorithm, given: '"none"' },
  { name: 'symmetric', options: { ...good, algorithm: 'HS256' }, option: 'awsKms.algorithm', allowed: algorithm, given: '"HS256"' },
  { name: 'a longer hash', options: { ...good, algorithm: 'ES384' }, option: 'awsKms.algorithm', allowed: algorithm, given: '"ES384"' },
  { name: 'a name that every object has', options: { ...good, algorithm: 'toString' }, option: 'awsKms.algorithm', allowed: algorithm, given: '"toString"' },

  { name: 'empty', options: { ...good, kid: '' }, option: 'awsKms.kid', allowed: kid, given: '""' },
  { name: 'with a blank', options: { ...good, kid: 'a b' }, option: 'awsKms.kid', allowed: kid, given: '"a b"' },
  { name: 'null', options: { ...good, kid: null }, option: 'awsKms.kid', allowed: kid, given: 'null' },

  { name: 'too short', options: { ...good, timeoutMs: 49 }, option: 'awsKms.timeoutMs', allowed: timeout, given: '49' },
  { name: 'too long', options: { ...good, timeoutMs: 60_001 }, option: 'awsKms.timeoutMs', allowed: timeout, given: '60001' },
  { name: 'a fraction', options: { ...good, timeoutMs: 99.5 }, option: 'awsKms.timeoutMs', allowed: timeout, given: '99.5' },
  { name: 'no number', options: { ...good, timeoutMs: Number.NaN }, option: 'awsKms.timeoutMs', allowed: timeout, given: 'NaN' },
  { name: 'a string', options: { ...good, timeoutMs: '1000' }, option: 'awsKms.timeoutMs', allowed: timeout, given: '"1000"' },
  { name: 'null', options: { ...good, timeoutMs: null }, option: 'awsKms.timeoutMs', allowed: timeout, given: 'null' },

  { name: 'zero', options: { ...good, concurrency: 0 }, option: 'awsKms.concurrency', allowed: count, given: '0' },
  { name: 'too many', options: { ...good, concurrency: 1001 }, option: 'awsKms.concurrency', allowed: count, given: '1001' },
  { name: 'without end', options: { ...good, concurrency: Number.POSITIVE_INFINITY }, option: 'awsKms.concurrency', allowed: count, given: 'Infinity' },
  { name: 'a string', options: { ...good, concurrency: '50' }, option: 'awsKms.concurrency', allowed: count, given: '"50"' },
]

describe('a wrong option of awsKmsSigner is refused by its path, before KMS is asked:', () => {
  for (const row of wrong)
    test(`${row.option}: ${row.name}`, async () => {
      const fault = await configFault(() => awsKmsSigner(row.options as AwsKmsSignerOptions))
      expectRefusal(fault, row)
      for (const secret of [hidden, '123456789012'])
        expect(inspect(fault, { depth: 9, showHidden: true })).not.toContain(secret)
    })
})

describe('right options of awsKmsSigner are accepted:', () => {
  const right: Readonly<Record<string, object>> = {
    'what is needed alone': good,
    'undefined everywhere': { ...good, kid: undefined, timeoutMs: undefined, concurrency: undefined },
    'an alias': { ...good, keyId: 'alias/access-2026' },
    'the longest key id': { ...good, keyId: arn.padEnd(2048, '0') },
    'the least of all': { ...good, timeoutMs: 50, concurrency: 1 },
    'the most of all': { ...good, timeoutMs: 60_000, concurrency: 1000 },
  }
  for (const [name, options] of Object.entries(right))
    test(name, async () => {
      const asked = awsKmsSigner(options as AwsKmsSignerOptions)
      await expect(asked).rejects.toThrow('AWS KMS: GetPublicKey failed with Error')
    })
})
