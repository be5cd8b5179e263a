import { setTimeout as sleep } from 'node:timers/promises'
import { nameOf } from '../../faults/recorder.ts'
import type { Node } from '../../faults/system.ts'
import type { Fleet } from '../planned/fleet.ts'
import type { Outages } from '../planned/outages.ts'
import type { SoakStore } from '../planned/store.ts'
import type { Measured, Probes } from './probes.ts'

/** A node at one moment. */
export interface Sample {
  /** Since the soak began. */
  readonly atMs: number
  readonly node: string
  readonly measured: Measured
  /** Live revocations and open connections, as its metrics tell. */
  readonly revocations: number | undefined
  readonly connections: number | undefined
  /** What the store holds, in bytes; nothing while it was away. */
  readonly storeSize: number | undefined
}

export interface Samples {
  readonly all: readonly Sample[]
  stop(): Promise<void>
}

export interface SamplesParts {
  readonly fleet: Fleet
  readonly probes: Probes
  readonly store: SoakStore
  readonly outages: Outages
  readonly everyMs: number
  /** Is called at each round. */
  readonly onRound: () => void
}

/** Measures the steady nodes again and again. One that is stopped just then is left out. */
export function startSamples(parts: SamplesParts): Samples {
  const { fleet, probes, store, outages, everyMs, onRound } = parts
  const startedAt = performance.now()
  const stopping = new AbortController()
  const all: Sample[] = []

  async function measure(node: Node, storeSize: number | undefined): Promise<void> {
    const measured = await probes.measure(node.process.pid)
    const metrics = await node.call('GET', '/metrics').catch(() => undefined)
    if (measured === undefined) return
    const gauge = (name: string): number | undefined => {
      const value = new RegExp(`^${name}(?:\\{.*\\})? (\\d+)`, 'm').exec(metrics?.text ?? '')?.[1]
      return value === undefined ? undefined : Number(value)
    }
    all.push({
      ...{ atMs: Math.round(performance.now() - startedAt), node: nameOf(node), measured, storeSize },
      revocations: gauge('sallyport_revocations_held'),
      connections: gauge('sallyport_connections_open'),
    })
  }

  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {})
      onRound()
      const storeSize = outages.any() ? undefined : await store.size().catch(() => undefined)
      const up = new Set(fleet.up())
      await Promise.all(fleet.steady.filter((node) => up.has(node)).map((node) => measure(node, storeSize)))
    }
  })()
  return {
    all,
    async stop() {
      stopping.abort()
      await loop
    },
  }
}
