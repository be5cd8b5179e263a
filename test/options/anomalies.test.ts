import { randomBytes } from 'node:crypto'
import { type AnomaliesOptions, createSallyport } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { parseOptions } from '../../packages/core/src/options/index.ts'
import { configFault } from '../support/config-fault.ts'
import { expectRefusal, type WrongOption } from '../support/wrong-option.ts'

const rule = {
  ...{ name: 'mine', events: ['login.failed'], windowSeconds: 60, most: 5 },
  ...{ observe: () => undefined, judge: () => undefined },
}
const rules = (given: object) => ({ rules: given })
const own = (...given: readonly object[]) => ({ own: given.map((one) => ({ ...rule, ...one })) })
const url = 'https://alerts.example.com/hook'
const secret = randomBytes(32).toString('base64')
const webhook = (given: object) => ({ webhook: { url, secret, ...given } })
const counted = 'a whole number from 1 to 63'
const days = 'a whole number from 1 to 399'
const year = 'a whole number from 1 to 34560000'
const name = '1 to 64 of a-z, 0-9 and _, beginning with a letter'
const hook = 'an https URL without user, password and fragment (http on loopback)'
const bytes = '24 to 64 bytes in base64, with or without "whsec_" before it'
const other = 'different from the names of all other rules'
const eventName = 'the name of an event other than "alert.raised"'

// biome-ignore format: one row, one line
const wrong: readonly WrongOption[] = [
  { name: 'no object', options: true, option: 'anomalies', allowed: 'an object with rules, own, onAlert, webhook' },
  { name: 'the secret of the webhook', options: `whsec_${secret}`, option: 'anomalies', allowed: 'an object with rules, own, onAlert, webhook' },
  { name: 'misspelled', options: { rule: {} }, option: 'anomalies.rule', says: 'unknown option "anomalies.rule" (did you mean "anomalies.rules"?)' },
  { name: 'a hook that is none', options: { onAlert: 5 }, option: 'anomalies.onAlert', allowed: 'a function', given: '5' },

  { name: 'a misspelled rule', options: rules({ failed_signins: {} }), option: 'anomalies.rules.failed_signins', says: 'unknown option "anomalies.rules.failed_signins" (did you mean "anomalies.rules.failed_sign_ins"?)' },
  { name: 'a rule that is on', options: rules({ token_theft: true }), option: 'anomalies.rules.token_theft', allowed: 'an object with alert, revoke, lock, risk', given: 'true' },
  ...['failed_sign_ins', 'account_locked', 'refused_tokens', 'shared_device', 'user_refresh_rate'].flatMap((one) =>
    [{ revoke: true }, { lock: true }, { risk: 5 }].map((given) => {
      const path = `anomalies.rules.${one}.${Object.keys(given)[0]}`
      return { name: 'an event of no session, or of another', options: rules({ [one]: given }), option: path, says: `unknown option "${path}"; there ${one === 'account_locked' ? 'is only alert' : 'are alert, most, windowSeconds'}` }
    }),
  ),
  { name: 'an option of another rule', options: rules({ new_device: { most: 5 } }), option: 'anomalies.rules.new_device.most', says: 'unknown option "anomalies.rules.new_device.most"; there are alert, revoke, lock, risk, days' },
  { name: 'none', options: rules({ refresh_rate: { most: 0 } }), option: 'anomalies.rules.refresh_rate.most', allowed: counted, given: '0' },
  { name: 'too many', options: rules({ refresh_rate: { most: 64 } }), option: 'anomalies.rules.refresh_rate.most', allowed: counted, given: '64' },
  { name: 'too long', options: rules({ refresh_rate: { windowSeconds: 86_401 } }), option: 'anomalies.rules.refresh_rate.windowSeconds', allowed: 'a whole number from 1 to 86400', given: '86401' },
  { name: 'too many days', options: rules({ long_silence: { days: 400 } }), option: 'anomalies.rules.long_silence.days', allowed: days, given: '400' },
  { name: 'too much risk', options: rules({ token_theft: { risk: 101 } }), option: 'anomalies.rules.token_theft.risk', allowed: 'a whole number from 0 to 100', given: '101' },
  { name: 'a response that is no switch', options: rules({ token_theft: { revoke: 'yes' } }), option: 'anomalies.rules.token_theft.revoke', allowed: 'true or false', given: '"yes"' },
  { name: 'nothing to locate with', options: rules({ impossible_travel: {} }), option: 'anomalies.rules.impossible_travel.locate', says: '"anomalies.rules.impossible_travel.locate" is required: give a function (ip) => { latitude, longitude }' },
  { name: 'too far', options: rules({ impossible_travel: { locate: () => undefined, kilometres: 20_001 } }), option: 'anomalies.rules.impossible_travel.kilometres', allowed: 'a whole number from 1 to 20000', given: '20001' },

  { name: 'no array of rules', options: { own: rule }, option: 'anomalies.own', allowed: 'an array of rules', given: 'an object' },
  { name: 'no rule', options: { own: [5] }, option: 'anomalies.own.0', allowed: 'an object with', given: '5' },
  { name: 'a name with a blank', options: own({ name: 'my rule' }), option: 'anomalies.own.0.name', allowed: name, given: '"my rule"' },
  { name: 'the name of a built-in rule', options: own({ name: 'token_theft' }), option: 'anomalies.own.0.name', allowed: other, given: '"token_theft"' },
  { name: 'the same name twice', options: own({}, {}), option: 'anomalies.own.1.name', allowed: other, given: '"mine"' },
  { name: 'no events', options: own({ events: [] }), option: 'anomalies.own.0.events', allowed: 'an array of names of events', given: 'an empty array' },
  { name: 'an event twice', options: own({ events: ['login.failed', 'login.failed'] }), option: 'anomalies.own.0.events.1', allowed: 'different from the others', given: '"login.failed"' },
  { name: 'its own alerts', options: own({ events: ['alert.raised'] }), option: 'anomalies.own.0.events.0', allowed: eventName, given: '"alert.raised"' },
  { name: 'too many values', options: own({ most: 65 }), option: 'anomalies.own.0.most', allowed: 'a whole number from 0 to 64', given: '65' },
  { name: 'a misspelled event', options: own({ events: ['login.failed', 'login.fail'] }), option: 'anomalies.own.0.events.1', says: 'unknown event "login.fail" (did you mean "login.failed"?)' },
  { name: 'a window of years', options: own({ windowSeconds: 34_560_001 }), option: 'anomalies.own.0.windowSeconds', allowed: year, given: '34560001' },
  { name: 'no such severity', options: own({ severity: 'high' }), option: 'anomalies.own.0.severity', allowed: 'one of "notice", "warning", "critical"', given: '"high"' },
  { name: 'no function to judge', options: own({ judge: 'x' }), option: 'anomalies.own.0.judge', allowed: 'a function', given: '"x"' },

  { name: 'http', options: webhook({ url: 'http://alerts.example.com' }), option: 'anomalies.webhook.url', allowed: hook },
  { name: 'a password in it', options: webhook({ url: 'https://a:b@alerts.example.com' }), option: 'anomalies.webhook.url', allowed: hook },
  { name: 'no secret', options: { webhook: { url } }, option: 'anomalies.webhook.secret', says: `"anomalies.webhook.secret" is required: give ${bytes}` },
  { name: 'a short secret', options: webhook({ secret: 'whsec_c2hvcnQ=' }), option: 'anomalies.webhook.secret', allowed: bytes },
  { name: 'a long secret', options: webhook({ secret: randomBytes(65).toString('base64') }), option: 'anomalies.webhook.secret', allowed: bytes },
  { name: 'a secret that is no base64', options: webhook({ secret: 'a secret with blanks, and long enough' }), option: 'anomalies.webhook.secret', allowed: bytes },
  { name: 'no time', options: webhook({ timeoutMs: 99 }), option: 'anomalies.webhook.timeoutMs', allowed: 'a whole number from 100 to 30000' },
]

describe('a wrong option is refused by its path:', () => {
  test.each(wrong.map((row) => [`${row.option}: ${row.name}`, row] as const))('%s', async (_name, row) => {
    const anomalies = row.options as AnomaliesOptions
    expectRefusal(await configFault(() => createSallyport({ anomalies })), row)
  })
})

const settingsOf = (anomalies: AnomaliesOptions) => parseOptions({ anomalies }, false).anomalies

describe('a right one is taken', () => {
  test('all rules are on by default, but the one that needs something', () => {
    const { rules = {}, own, webhook } = settingsOf({}) ?? {}
    const off = Object.entries(rules).filter(([, settings]) => settings === false)
    expect(off.map(([one]) => one)).toEqual(['impossible_travel'])
    expect(Object.keys(rules)).toHaveLength(12)
    expect(own).toEqual([])
    expect(webhook).toBeUndefined()
    expect(parseOptions({}, false).anomalies).toBeUndefined()
  })

  test('undefined counts as left out', () => {
    const none = { rules: undefined, own: undefined, onAlert: undefined, webhook: undefined }
    expect(settingsOf(none)).toEqual(settingsOf({}))
    expect(settingsOf({ rules: { token_theft: undefined } })).toEqual(settingsOf({}))
  })

  test.each(['', 'whsec_'])('a secret with "%s" before it', (prefix) => {
    const key = randomBytes(24)
    const given = { url: 'http://127.0.0.1:8080/', secret: `${prefix}${key.toString('base64')}` }
    expect(settingsOf({ webhook: given })?.webhook).toEqual({
      ...{ url: given.url, timeoutMs: 5000, key: new Uint8Array(key) },
    })
  })

  test('a rule of your own', () => {
    const mine = {
      ...rule,
      quietSeconds: 0,
      severity: 'critical',
      revoke: true,
      lock: true,
      risk: 5,
    } as never
    expect(settingsOf({ own: [mine] })?.own).toEqual([mine])
  })
})
