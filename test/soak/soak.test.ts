import { expect, test } from 'vitest'
import type { Node } from '../faults/system.ts'
import { faultsOf } from './judged/report.ts'
import { soak } from './run.ts'

const TIMEOUT_MS = 300_000
const OPTIONS = { rate: 20, store: 'redis', say: () => {} } as const

test(
  'a minute of mixed traffic with every planned fault in it ends well',
  async () => {
    const soaked = await soak({ ...OPTIONS, minutes: 1, seed: 1 })
    expect(faultsOf(soaked), JSON.stringify(soaked.complaints.first)).toEqual([])
    expect(new Set(soaked.happened.map(({ what }) => what)).size).toBe(6)
    expect(Object.keys(soaked.did).length).toBeGreaterThanOrEqual(19)
    expect(new Set(soaked.samples.map(({ node }) => node)).size).toBe(3)
  },
  TIMEOUT_MS,
)

/** Serves what was revoked, and fails now and then. */
function bad(node: Node): Node {
  let asked = 0
  return {
    ...node,
    async me(access) {
      const reply = await node.me(access)
      if (++asked % 40 === 0) return { ...reply, status: 500 }
      return reply.status === 401 ? { ...reply, status: 200 } : reply
    },
  }
}

test(
  'a leak, a 500 and a revoked session that is served are found',
  async () => {
    const probe = new URL('./measured/leaky-probe.mjs', import.meta.url)
    const soaked = await soak({ ...OPTIONS, minutes: 0.5, seed: 2, probe, disguise: bad })
    const kinds = Object.keys(soaked.complaints.counts)
    expect(kinds).toEqual(expect.arrayContaining(['fault', 'history']))
    const told = soaked.complaints.first.map(({ what }) => what).join('\n')
    expect(told).toContain(': 500 after')
    expect(told).toContain('late {')
    expect(soaked.growth.filter(({ isLeak, what }) => isLeak && what === 'heap')).not.toEqual([])
  },
  TIMEOUT_MS,
)
