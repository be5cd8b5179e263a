import { expect, test } from 'vitest'
import { startCluster, startSentinelSet } from '../support/topologies.ts'

test('a cluster can be had, and a slot of it moved', async () => {
  const cluster = await startCluster()
  const [one, two] = await cluster.masters()
  expect((await cluster.masters()).length).toBe(3)
  if (one === undefined || two === undefined) throw new Error('no masters')
  await cluster.migrate(one.slots[0]?.[0] ?? 0, one, two)
  await cluster.stop()
})

test('a primary with sentinels can be had', async () => {
  const set = await startSentinelSet()
  expect(await set.primaryPort()).toBe(set.primary.port)
  await set.stop()
})
