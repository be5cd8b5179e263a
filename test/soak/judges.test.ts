import { expect, test } from 'vitest'
import type { Node } from '../faults/system.ts'
import { createChances } from '../support/chances.ts'
import { createAnswerJudge } from './judged/answers.ts'
import { type ComplaintKind, createComplaints } from './judged/complaints.ts'
import { growthOf } from './judged/verdict.ts'
import type { Sample } from './measured/samples.ts'
import { slopeOf } from './measured/slope.ts'
import { createOutages } from './planned/outages.ts'
import { timetable } from './planned/timetable.ts'

const MIB = 2 ** 20
const SAMPLES = 360
const NO_DELAYS = { p50: 0, p99: 0, max: 0 }

/** An hour of a node, measured every ten seconds. */
function hour(heapOf: (hours: number) => number): readonly Sample[] {
  return Array.from({ length: SAMPLES }, (_, index) => ({
    ...{ atMs: index * 10_000, node: 'express 1' },
    ...{ revocations: 0, connections: 0, storeSize: 0 },
    measured: {
      ...{ rss: 90 * MIB, external: 0, arrayBuffers: 0, handles: 9 },
      heapUsed: heapOf(index / SAMPLES) * MIB,
      delays: { lately: NO_DELAYS, ever: NO_DELAYS },
    },
  }))
}

const leaksOf = (samples: readonly Sample[]) =>
  growthOf(samples)
    .filter(({ isLeak }) => isLeak)
    .map(({ what }) => what)

test('a line has its slope, and no error', () => {
  const points = [0, 1, 2, 3, 4].map((hours) => ({ hours, value: 5 + 2 * hours }))
  const slope = slopeOf(points)
  expect(slope?.perHour).toBeCloseTo(2)
  expect(slope?.error).toBeCloseTo(0)
})

test('noise whose neighbours resemble each other has a wider error than as much noise that alternates', () => {
  const points = (figureAt: (index: number) => number) =>
    Array.from({ length: 100 }, (_, index) => ({ hours: index / 100, value: figureAt(index) }))
  const slow = slopeOf(points((index) => Math.floor(index / 10) % 2))
  const quick = slopeOf(points((index) => index % 2))
  expect(slow?.error).toBeGreaterThan(2 * (quick?.error ?? Number.NaN))
})

test('a heap that grows by two MiB in an hour leaks, under noise of one MiB', () => {
  const { below } = createChances(1)
  const noise = () => below(1000) / 1000
  expect(leaksOf(hour((hours) => 35 + 2 * hours + noise()))).toEqual(['heap'])
  expect(leaksOf(hour(() => 35 + noise()))).toEqual([])
})

test('a heap that grew while it warmed up, and then stays, does not leak', () => {
  expect(leaksOf(hour((hours) => 35 + 6 * Math.min(hours, 0.4)))).toEqual([])
})

function judged(status: number | undefined, during?: 'store' | 'node'): readonly ComplaintKind[] {
  const outages = createOutages()
  const complaints = createComplaints(() => {})
  const node = { framework: 'express', process: { pid: 1 } } as Node
  if (during !== undefined) outages.begin(during === 'node' ? 'express 1' : undefined)
  const now = performance.now()
  const answer = { headers: {}, text: '', cookie: undefined, sentAt: now, answeredAt: now }
  const reply = status === undefined ? undefined : { ...answer, status }
  createAnswerJudge(outages, complaints)({ node, askedAt: now, reply })
  return complaints.first.map(({ kind }) => kind)
}

test.each([
  { what: 'a 503 while all is well', status: 503, during: undefined, complaints: ['fault'] },
  { what: 'a 503 while the store is away', status: 503, during: 'store', complaints: [] },
  { what: 'a 500 while the store is away', status: 500, during: 'store', complaints: ['fault'] },
  { what: 'no answer while all is well', status: undefined, during: undefined, complaints: ['silence'] },
  { what: 'no answer while the store is away', status: undefined, during: 'store', complaints: ['silence'] },
  { what: 'no answer of a node that is stopped', status: undefined, during: 'node', complaints: [] },
] as const)('$what: $complaints', ({ status, during, complaints }) => {
  expect(judged(status, during)).toEqual(complaints)
})

test('every planned thing happens once before any happens again, in an order that the seed gives', () => {
  const first = (seed: number) => {
    const planned = timetable(createChances(seed), 60)
    return Array.from({ length: 6 }, () => planned.next().value.what)
  }
  expect(new Set(first(1)).size).toBe(6)
  expect(first(1)).toEqual(first(1))
  expect(first(1)).not.toEqual(first(2))
})
