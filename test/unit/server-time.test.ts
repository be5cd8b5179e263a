import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createServerTime } from '../../packages/redis/src/server-time.ts'

/** Our clock and the server's: the server's is ahead by so much. */
const AHEAD = 1_767_225_600_000

describe('the instant of the server until which a caller waits', () => {
  test('is not told of a shard that was never heard of', () => {
    const time = createServerTime(1000)
    time.observe(1, 10, 12, AHEAD + 11)
    expect(time.deadline(0, 1000, 20)).toBe('')
    expect(time.deadline(1, 1000, 20)).not.toBe('')
  })

  test('is never later than it is, and within five seconds earlier by no more than the shortest way there and back', () => {
    const question = fc.record({
      pause: fc.integer({ min: 0, max: 400 }),
      there: fc.integer({ min: 0, max: 300 }),
      back: fc.integer({ min: 0, max: 300 }),
    })
    const questions = fc.array(question, { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(questions, fc.integer({ min: 50, max: 2000 }), (asked, withinMs) => {
        const time = createServerTime(1000)
        let now = 0
        let shortest = Number.POSITIVE_INFINITY
        for (const { pause, there, back } of asked) {
          const sentAt = now + pause
          now = sentAt + there + back
          shortest = Math.min(shortest, there + back)
          time.observe(0, sentAt, now, sentAt + there + AHEAD)
        }
        const told = Number(time.deadline(0, withinMs, now))
        expect(told).toBeLessThanOrEqual(now + AHEAD + withinMs)
        expect(told).toBeGreaterThanOrEqual(now + AHEAD + withinMs - shortest)
      }),
    )
  })

  test('follows a server with another clock at once, though it was slow to answer', () => {
    for (const jump of [-60_000, 60_000]) {
      const time = createServerTime(1000)
      time.observe(0, 0, 2, AHEAD + 1)
      time.observe(0, 100, 300, AHEAD + jump + 200)
      expect(time.deadline(0, 1000, 300)).toBe(AHEAD + jump + 200 + 1000)
    }
  })

  test('follows clocks that drift: what was observed long ago gives way', () => {
    const time = createServerTime(1000)
    time.observe(0, 0, 2, AHEAD + 1)
    time.observe(0, 1000, 1200, AHEAD + 1100)
    expect(time.deadline(0, 1000, 1200)).toBe(AHEAD + 1199 + 1000)
    time.observe(0, 60_000, 60_200, AHEAD + 60_100)
    expect(time.deadline(0, 1000, 60_200)).toBe(AHEAD + 60_100 + 1000)
  })

  test('is not taken from an answer that this process may have been late to read', () => {
    const time = createServerTime(1000)
    time.observe(0, 0, 1001, AHEAD + 1)
    expect(time.deadline(0, 1000, 1001)).toBe('')
    time.observe(0, 2000, 2002, AHEAD + 2001)
    const known = time.deadline(0, 1000, 10_000)
    time.observe(0, 8000, 10_000, AHEAD + 8001)
    expect(time.deadline(0, 1000, 10_000)).toBe(known)
  })
})
