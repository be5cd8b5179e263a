import type { OnceName } from '@sallyport/core/store'
import { expect, test } from 'vitest'
import { createMemoryOnce } from '../../packages/core/src/memory/once.ts'

const name = (index: number): OnceName => String(index).padStart(22, 'n') as OnceName

test('with as many names as there is room for, another one is unavailable, until some are over', async () => {
  const once = createMemoryOnce(100)
  for (let index = 0; index < 100; index++)
    expect(await once.mark({ name: name(index), keptMs: 1000, at: 0 })).toEqual({ kind: 'first' })
  expect(await once.mark({ name: name(100), keptMs: 1000, at: 999 })).toEqual({ kind: 'unavailable' })
  expect(await once.mark({ name: name(5), keptMs: 1000, at: 999 })).toEqual({ kind: 'seen' })
  expect(await once.mark({ name: name(100), keptMs: 1000, at: 1000 })).toEqual({ kind: 'first' })
})

test('names that are over make room, however many there were', async () => {
  const once = createMemoryOnce(100)
  for (let index = 0; index < 10_000; index++)
    expect(await once.mark({ name: name(index), keptMs: 50, at: index })).toEqual({ kind: 'first' })
  expect(await once.mark({ name: name(9_999), keptMs: 50, at: 9_999 })).toEqual({ kind: 'seen' })
})
