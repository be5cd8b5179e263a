import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLog } from '../../packages/core/src/memory/log.ts'

/** A log whose entries count how often they are looked at. */
function counted(size: number) {
  let looks = 0
  const log = createLog<{ readonly position: number }>()
  const add = (position: number): void =>
    log.add({
      get position() {
        looks++
        return position
      },
    })
  for (let position = 1; position <= size; position++) add(position)
  const looksDuring = (step: () => unknown): number => {
    looks = 0
    step()
    return looks
  }
  return { log, add, looksDuring }
}

describe('the work of a step follows what changes, not how much the feed holds:', () => {
  test('a pull after one more revocation returns it alone, and looks at few others', () => {
    for (const size of [1000, 100_000]) {
      const { log, add, looksDuring } = counted(size)
      add(size + 1)
      expect(looksDuring(() => expect(log.after(size)).toHaveLength(1))).toBeLessThanOrEqual(20)
      expect(looksDuring(() => expect(log.after(size + 1)).toEqual([]))).toBeLessThanOrEqual(20)
    }
  })

  test('an addition that drops nothing looks at few', () => {
    const { log, looksDuring } = counted(100_000)
    expect(looksDuring(() => log.dropUntil(0))).toBeLessThanOrEqual(20)
  })
})

test('whatever is added and dropped, what is after a position is found in its order', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('add' as const), by: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ kind: fc.constant('drop' as const), until: fc.integer({ min: -3, max: 60 }) }),
    fc.record({ kind: fc.constant('after' as const), position: fc.integer({ min: -3, max: 60 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const log = createLog<{ readonly position: number }>()
      let model: { readonly position: number }[] = []
      let last = 0
      for (const one of steps)
        switch (one.kind) {
          case 'add': {
            last += one.by
            log.add({ position: last })
            model.push({ position: last })
            break
          }
          case 'drop': {
            expect(log.dropUntil(one.until)).toEqual(model.filter(({ position }) => position <= one.until))
            model = model.filter(({ position }) => position > one.until)
            break
          }
          case 'after':
            expect(log.after(one.position)).toEqual(model.filter(({ position }) => position > one.position))
        }
    }),
  )
})
