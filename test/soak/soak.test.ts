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

const DIES_AFTER = 60

/** Serves what was revoked, fails now and then, and on one framework dies. */
function bad(node: Node): Node {
  let asked = 0
  return {
    ...node,
    async me(access) {
      const reply = await node.me(access)
      if (++asked === DIES_AFTER && node.framework === 'koa') node.process.kill()
      if (asked % 40 === 0) return { ...reply, status: 500 }
      return reply.status === 401 ? { ...reply, status: 200 } : reply
    },
  }
}

test(
  'a leak, a 500, a revoked session that is served and a process that dies are found',
  async () => {
    const probe = new URL('./measured/leaky-probe.mjs', import.meta.url)
    const soaked = await soak({ ...OPTIONS, minutes: 0.5, seed: 2, probe, disguise: bad })
    const kinds = Object.keys(soaked.complaints.counts)
    expect(kinds).toEqual(expect.arrayContaining(['fault', 'history', 'process']))
    const told = soaked.complaints.first.map(({ what }) => what).join('\n')
    expect(told).toContain(': 500 after')
    expect(told).toContain('late {')
    expect(told).toContain('ended by itself')
    expect(soaked.growth.filter(({ isLeak, what }) => isLeak && what === 'heap')).not.toEqual([])
  },
  TIMEOUT_MS,
)
