import { randomBytes } from 'node:crypto'
import { VERSION_FELL } from '@sallyport/core/store'
import { describe, expect, test } from 'vitest'
import { createDevices } from '../../packages/core/src/binding/device.ts'
import { compareDevices, consequenceOf } from '../../packages/core/src/binding/drift.ts'
import { parseOptions } from '../../packages/core/src/options/index.ts'
import { pairs, updates, type Verdict } from './device-pairs.ts'

const devices = createDevices([randomBytes(32)], parseOptions({}, false).binding)
const bindingOf = (userAgent: string) =>
  devices.recognise({ caller: { ip: '192.0.2.1' }, userAgent, signals: [] }).bindings[0]

/** As a refresh is judged by default. */
function verdictOf(before: string, after: string): Verdict | string {
  const [bound, presented] = [bindingOf(before), bindingOf(after)]
  const { drift } = compareDevices(bound, [presented])
  const consequence = consequenceOf(drift, devices.rule)
  if (consequence === 'end') return 'another'
  if (consequence !== 'none') return consequence
  if (drift === VERSION_FELL) return 'older'
  return presented.version > bound.version ? 'newer' : 'same'
}

test('there are pairs enough, of all kinds', () => {
  expect(pairs.length).toBeGreaterThanOrEqual(120)
  expect(new Set(pairs.map(({ what }) => what)).size).toBe(pairs.length)
})

describe.each(['newer', 'same', 'older', 'another'] as const)('judged as %s:', (verdict) => {
  test.each(pairs.filter((pair) => pair.verdict === verdict))('$what', ({ before, after }) => {
    expect(verdictOf(before, after)).toBe(verdict)
  })
})

test('no update of a browser by one version ends a session', () => {
  const wrong = updates.filter(({ before, after, verdict }) => verdictOf(before, after) !== verdict)
  expect(wrong).toEqual([])
})

test('nobody who went on is another device on the way back', () => {
  for (const { what, before, after, verdict } of pairs)
    expect(verdictOf(after, before) === 'another', what).toBe(verdict === 'another')
})
