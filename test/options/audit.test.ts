import { PassThrough } from 'node:stream'
import {
  toAll,
  toFile,
  toLog,
  toOpenTelemetry,
  toRedisStream,
  toStream,
  type VerifyTrailOptions,
  verifyTrail,
} from '@sallyport/audit'
import { describe, expect, test } from 'vitest'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const key = Buffer.alloc(32, 7)
const path = '/var/log/app/audit.jsonl'
const keyMessage = '32 random bytes: the output of "openssl rand -base64 32", or a Uint8Array'
const pathMessage =
  'the path of a file, such as "/var/log/app/audit.jsonl", that does not end in .head, .removed, .tmp'
const redis = { eval: async () => 1 }

describe('toFile', () => {
  const wrong: readonly WrongOption[] = [
    { name: 'no options', options: undefined, option: 'toFile', allowed: 'an object with path, key' },
    {
      name: 'a key in place of the options',
      options: 'hunter2',
      option: 'toFile',
      allowed: 'an object with',
    },
    {
      ...{ name: 'no path', options: { key }, option: 'toFile.path' },
      says: `"toFile.path" is required: give ${pathMessage}`,
    },
    {
      ...{ name: 'a directory', options: { path: '/var/log/', key }, option: 'toFile.path' },
      ...{ allowed: 'the path of a file', given: '"/var/log/"' },
    },
    {
      ...{ name: 'the path of a head', options: { path: '/var/log/audit.head', key }, option: 'toFile.path' },
      ...{ allowed: pathMessage, given: '"/var/log/audit.head"' },
    },
    {
      ...{
        name: 'the path of a removal',
        options: { path: '/var/log/audit.removed', key },
        option: 'toFile.path',
      },
      ...{ allowed: pathMessage, given: '"/var/log/audit.removed"' },
    },
    {
      ...{
        name: 'the path of a temporary file',
        options: { path: '/var/log/audit.tmp', key },
        option: 'toFile.path',
      },
      ...{ allowed: pathMessage, given: '"/var/log/audit.tmp"' },
    },
    {
      ...{ name: 'no key', options: { path, key: undefined }, option: 'toFile.key' },
      says: `"toFile.key" is required: give ${keyMessage}`,
    },
    { name: 'a short key', options: { path, key: 'hunter2' }, option: 'toFile.key', allowed: keyMessage },
    { name: 'few bytes', options: { path, key: key.subarray(1) }, option: 'toFile.key', allowed: keyMessage },
    {
      ...{ name: 'a key in hexadecimal digits', options: { path, key: key.toString('hex') } },
      ...{ option: 'toFile.key', allowed: keyMessage },
    },
    {
      ...{ name: 'an unknown format', options: { path, key, format: 'xml' }, option: 'toFile.format' },
      ...{ allowed: 'one of "json", "ecs", "ocsf", "cef"', given: '"xml"' },
    },
    {
      ...{ name: 'rotate: true', options: { path, key, rotate: true }, option: 'toFile.rotate' },
      ...{ allowed: '`false`, or an object with megabytes, hours', given: 'true' },
    },
    {
      ...{ name: 'an unknown way to rotate', options: { path, key, rotate: { days: 1 } } },
      ...{ option: 'toFile.rotate.days' },
      says: 'unknown option "toFile.rotate.days"; there are megabytes, hours',
    },
    {
      ...{ name: 'no megabyte', options: { path, key, rotate: { megabytes: 0 } } },
      ...{ option: 'toFile.rotate.megabytes', allowed: 'a whole number from 1 to 4096', given: '0' },
    },
    {
      ...{ name: 'too many hours', options: { path, key, rotate: { hours: 745 } } },
      ...{ option: 'toFile.rotate.hours', allowed: 'a whole number from 1 to 744', given: '745' },
    },
    {
      ...{ name: 'no day', options: { path, key, retentionDays: 0 }, option: 'toFile.retentionDays' },
      ...{ allowed: 'a whole number from 1 to 3650', given: '0' },
    },
    {
      ...{ name: 'retention without segments', options: { path, key, rotate: false, retentionDays: 1 } },
      option: 'toFile.retentionDays',
      says: '"toFile.retentionDays" deletes whole segments: leave out "toFile.rotate: false"',
    },
    {
      ...{ name: 'a misspelling', options: { path, key, retentionDay: 1 }, option: 'toFile.retentionDay' },
      says: 'unknown option "toFile.retentionDay" (did you mean "toFile.retentionDays"?)',
    },
  ]

  test.each(wrong)('refuses $name', async ({ options, ...row }) => {
    expectRefusal(await configFault(() => toFile(options as never)), row)
  })

  test('accepts a key in every form', () => {
    const forms = [key, new Uint8Array(32), key.toString('base64'), key.toString('base64url')]
    for (const form of forms) expect(toFile({ path, key: form }).name).toBe('file')
  })
})

describe('the other sinks', () => {
  const stream = new PassThrough()
  const cases: readonly (Omit<WrongOption, 'options'> & { readonly make: () => unknown })[] = [
    {
      ...{ name: 'no stream', make: () => toStream({} as never), option: 'toStream.stream' },
      ...{ allowed: 'a writable stream, such as process.stdout', given: 'an object' },
    },
    {
      ...{ name: 'a short key of a stream', make: () => toStream(stream, { key: 'hunter2' }) },
      ...{ option: 'toStream.key', allowed: keyMessage },
    },
    {
      ...{ name: 'no logger', make: () => toLog({ info() {} } as never), option: 'toLog.logger' },
      ...{ allowed: 'a logger such as pino()', given: 'an object' },
    },
    {
      ...{ name: 'no logger of OpenTelemetry', make: () => toOpenTelemetry(undefined as never) },
      ...{ option: 'toOpenTelemetry.logger', allowed: 'a logger of the OpenTelemetry API', given: 'nothing' },
    },
    {
      ...{ name: 'no client', make: () => toRedisStream('redis://u:hunter2@h' as never, { key }) },
      ...{ option: 'toRedisStream.client', allowed: 'a client of ioredis', given: '"redis://…@h"' },
    },
    {
      ...{ name: 'no key of a Redis stream', make: () => toRedisStream(redis, { key: '' }) },
      ...{ option: 'toRedisStream.key', allowed: keyMessage },
    },
    {
      ...{ name: 'few events', make: () => toRedisStream(redis, { key, maxEvents: 999 }) },
      ...{
        option: 'toRedisStream.maxEvents',
        allowed: 'a whole number from 1000 to 1000000000',
        given: '999',
      },
    },
    {
      ...{ name: 'no name of a stream', make: () => toRedisStream(redis, { key, stream: '' }) },
      ...{ option: 'toRedisStream.stream', allowed: 'a string of 1 to 255 characters', given: '""' },
    },
    {
      ...{ name: 'the same sink twice', make: () => toAll(...Array(2).fill(toLog())) },
      ...{ option: 'toAll.sinks.1', allowed: 'different from the others', given: 'an object' },
    },
  ] as never

  test.each(cases)('refuse $name', async ({ make, ...row }) => {
    expectRefusal(await configFault(make), row as never)
  })
})

describe('verifyTrail', () => {
  const refuse = (options: object) => configFault(() => verifyTrail(options as VerifyTrailOptions))

  test('refuses a wrong key, and shows it nowhere', async () => {
    const fault = await refuse({ path, key: 'hunter2' })
    expectRefusal(fault, { option: 'verifyTrail.key', allowed: keyMessage })
  })

  test('refuses heads that are none', async () => {
    for (const heads of [
      [{}],
      {},
      [{ processId: '../x', number: 1, chain: '', time: '', mac: '', sealed: true }],
    ])
      expect(await refuse({ path, key, heads })).toMatchObject({
        option: 'verifyTrail.heads',
        expected: 'the heads that readHeads() gave',
      })
  })
})
