import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createTurns } from '../../packages/core/src/dependencies/turns.ts'

test('so many steps are under way at once, the urgent ones first', async () => {
  let underWay = 0
  const inTurn = createTurns(2)
  const order: string[] = []
  const seen: number[] = []
  const step = (name: string) => async () => {
    seen.push(++underWay)
    await sleep(2)
    order.push(name)
    underWay--
  }
  const others = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => inTurn(step(name)))
  const urgent = ['x', 'y'].map((name) => inTurn(step(name), 'urgent'))
  await Promise.all([...others, ...urgent])
  expect(order).toEqual(['a', 'b', 'x', 'y', 'c', 'd', 'e', 'f'])
  expect(Math.max(...seen)).toBe(2)
})

test('a step that fails hands on its turn', async () => {
  const inTurn = createTurns(1)
  const failing = inTurn(() => Promise.reject(new Error('planned')))
  const next = inTurn(() => Promise.resolve('its turn'))
  await expect(failing).rejects.toThrow('planned')
  expect(await next).toBe('its turn')
})
