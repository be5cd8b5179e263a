import { expect, test } from 'vitest'
import { createWaits } from '../../packages/signals/src/waits.ts'

test('any number of waits end with it, without a word of a leak', async () => {
  const warned: string[] = []
  const note = ({ name }: Error): void => void warned.push(name)
  process.on('warning', note)
  const waits = createWaits()
  const all = Array.from({ length: 50 }, () => waits.wait(60_000))
  waits.close()
  await Promise.all([...all, waits.wait(60_000)])
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', note)
  expect(warned).toEqual([])
})
