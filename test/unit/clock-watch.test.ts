import { beforeEach, expect, test } from 'vitest'
import { type ClockWatch, createClockWatch } from '../../packages/core/src/dependencies/clock-watch.ts'

const NOW = Date.UTC(2026, 0, 1)
let notices: string[]
let watch: ClockWatch

beforeEach(() => {
  notices = []
  watch = createClockWatch((message) => notices.push(message))
})

/** The store's clock differs by so much from ours, and its answer took so long. */
const observe = (offset: number, took = 10): void => watch.observe(NOW + took / 2 + offset, NOW, NOW + took)

test('clocks that agree, within what tokens allow for, are not worth a word', () => {
  for (const offset of [0, 4000, -4000]) observe(offset)
  expect(notices).toEqual([])
  expect(watch.isOff()).toBe(false)
})

test.each([
  { offset: 7000, says: 'is 7 s behind that of the store', isOff: false },
  { offset: -7000, says: 'is 7 s ahead of that of the store', isOff: false },
  { offset: 31_000, says: 'signs no tokens until the clocks agree', isOff: true },
  { offset: -3_600_000, says: 'is 3600 s ahead of', isOff: true },
])('clocks that are $offset ms apart are told once, and beyond 30 seconds nothing is signed', (one) => {
  for (let time = 0; time < 3; time++) observe(one.offset)
  expect(notices).toEqual([expect.stringContaining(one.says)])
  expect(watch.isOff()).toBe(one.isOff)
  observe(0)
  observe(0)
  expect(notices).toHaveLength(2)
  expect(notices[1]).toContain('agrees with that of the store again')
  expect(watch.isOff()).toBe(false)
})

test('a clock that is further off than before says that it signs no more', () => {
  observe(7000)
  observe(40_000)
  expect(watch.isOff()).toBe(true)
  expect(notices).toHaveLength(2)
  expect(notices[1]).toContain('signs no tokens until')
})

test('an answer that took long, or came while the clock was set, says nothing', () => {
  observe(60_000, 1500)
  watch.observe(NOW + 60_000, NOW, NOW - 1)
  expect(watch.isOff()).toBe(false)
  expect(notices).toEqual([])
})
