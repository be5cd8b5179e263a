import { describe, expect, test } from 'vitest'
import { createCallers, visitOf } from '../../packages/core/src/gate/callers.ts'
import type { HeaderFields } from '../../packages/core/src/seam/http.ts'
import { viewOf } from './view.ts'

let made = 0
const callers = createCallers((bytes) => new Uint8Array(bytes).fill(++made))
const KEY = 'k'.repeat(16)

const retryKeyIn = (sent: string | readonly string[]): string | 'malformed' => {
  const visit = visitOf(viewOf({ headers: { 'idempotency-key': sent } }), callers)
  return visit === undefined ? 'malformed' : (visit.retryKey ?? 'none')
}

test('a request says who sent it, in the form of events', () => {
  const headers = { 'user-agent': 'Agent\t1', traceparent: '00-x' }
  const visit = visitOf(viewOf({ ip: '::ffff:192.0.2.1', headers }), callers)
  expect(visit).toMatchObject({ userAgent: 'Agent\t1', signals: [], retryKey: undefined })
  expect(visit?.caller.ip).toBe('192.0.2.1')
  expect(visit?.caller.user_agent).not.toContain('\t')
  const nobody = visitOf(viewOf({}), callers)
  expect([nobody?.userAgent, nobody?.caller.ip, nobody?.caller.user_agent]).toEqual(Array(3).fill(undefined))
})

describe('an Idempotency-Key', () => {
  // biome-ignore format: one row, one line
  test.each([KEY, 'k'.repeat(64), 'a-b_C0123456789x'])('is %s, quoted or not', (key) => {
    expect([retryKeyIn(key), retryKeyIn(`"${key}"`)]).toEqual([key, key])
  })

  // biome-ignore format: one row, one line
  test.each([
    '', 'k'.repeat(15), 'k'.repeat(65), `"${KEY}`, `${KEY}"`, `${KEY}, ${KEY}`, `${KEY} `, ` ${KEY}`, `${KEY}.`, `"${'k'.repeat(15)}"`, `"${'k'.repeat(65)}"`,
    `x"${KEY}"`, `"${KEY}"x`,
  ])('is malformed as "%s"', (key) => {
    expect(retryKeyIn(key)).toBe('malformed')
  })

  test('is malformed if Node.js gives several', () => {
    expect(retryKeyIn([KEY])).toBe('malformed')
  })
})

test('every Device-Signals field counts as it was received, and no other', () => {
  const headers: HeaderFields = { 'device-signals': 'a, b' }
  const rawHeaders = [
    'Device-Signals',
    'a',
    'X-Other',
    'Device-Signals',
    'DEVICE-SIGNALS',
    'b',
    'X-Device-Signals',
    'c',
  ]
  expect(visitOf(viewOf({ headers, rawHeaders }), callers)?.signals).toEqual(['a', 'b'])
})

describe('the id of a request', () => {
  test('is the same for all views of it, and another for another', () => {
    const headers = {}
    const id = callers.of(viewOf({ headers })).request_id
    expect(id).toMatch(/^[\w-]{16}$/)
    expect(callers.of(viewOf({ headers })).request_id).toBe(id)
    expect(callers.of(viewOf({ headers: {} })).request_id).not.toBe(id)
  })

  test('is not taken from a field that Node.js gives as an array', () => {
    const traceparent = [`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`]
    for (const headers of [{ 'x-request-id': ['one'] }, { traceparent }])
      expect(callers.of(viewOf({ headers })).request_id).toMatch(/^[\w-]{16}$/)
  })

  test('is made where no request is the cause', () => {
    const { request_id, ...rest } = callers.unknown()
    expect(rest).toEqual({ ip: undefined, user_agent: undefined })
    expect(request_id).not.toBe(callers.unknown().request_id)
    expect(callers.addressOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(callers.addressOf('nowhere')).toBeUndefined()
  })
})
