import type { Delays } from '../measured/probes.ts'
import type { Sample } from '../measured/samples.ts'
import type { HeldUp } from '../planned/held-up.ts'
import type { Planned } from '../planned/timetable.ts'
import type { Complaint } from './complaints.ts'
import { type Growth, MAX_DELAY_MS } from './verdict.ts'

/** A planned thing that happened. */
export interface Happened extends Planned {
  readonly atMs: number
  readonly tookMs: number
}

/** Everything that a soak has to tell. */
export interface Soaked {
  readonly options: {
    readonly minutes: number
    readonly rate: number
    readonly store: string
    readonly seed: number
  }
  readonly tookMs: number
  readonly happened: readonly Happened[]
  readonly did: Readonly<Record<string, number>>
  readonly statuses: Readonly<Record<string, number>>
  readonly complaints: {
    readonly counts: Readonly<Record<string, number>>
    readonly first: readonly Complaint[]
  }
  /** How late a process is that does nothing, and how often and how long the soak itself was held up. */
  readonly machine: HeldUp & { readonly idle: Delays | undefined }
  readonly growth: readonly Growth[]
  readonly samples: readonly Sample[]
}

/** Of a shorter one, the start and the neighbours on the machine are most of what is measured. */
const DELAYS_JUDGED_AFTER_MS = 20 * 60_000

/** What is wrong, a line for each; nothing if all is well. */
export function faultsOf(soaked: Soaked): readonly string[] {
  const { complaints, growth, samples } = soaked
  return [
    ...Object.entries(complaints.counts).map(([kind, count]) => `${kind}: ${count}`),
    ...growth
      .filter(({ isLeak }) => isLeak)
      .map(({ node, what, slope }) => `leak: ${what} of ${node} by ${slope?.perHour.toFixed(2)} in an hour`),
    ...(growth.length === 0 ? ['nothing was measured'] : []),
    ...(areDelaysJudged(soaked) ? lastOf(samples) : [])
      .filter(({ measured }) => measured.delays.ever.p99 >= MAX_DELAY_MS)
      .map(
        ({ node, measured }) => `delay: ${node} is late by ${measured.delays.ever.p99.toFixed(0)} ms (p99)`,
      ),
  ]
}

/** Where even a process that does nothing is late, the machine is what would be judged. */
function areDelaysJudged({ tookMs, machine: { idle } }: Soaked): boolean {
  return tookMs >= DELAYS_JUDGED_AFTER_MS && idle !== undefined && idle.p99 < MAX_DELAY_MS
}

/** The summary that people read. */
export function summaryOf(soaked: Soaked): string {
  const { options, tookMs, happened, did, statuses, growth, samples, machine } = soaked
  const { minutes, rate, store, seed } = options
  const planned = new Map<string, number>()
  for (const { what } of happened) planned.set(what, (planned.get(what) ?? 0) + 1)
  const revocations = samples.flatMap((one) => (one.revocations === undefined ? [] : [one.revocations]))
  const sizes = samples.flatMap((one) => (one.storeSize === undefined ? [] : [one.storeSize / 2 ** 20]))
  const row = (...cells: readonly (string | number)[]): string =>
    cells.map((cell, index) => (index === 0 ? String(cell).padEnd(16) : String(cell).padStart(12))).join('')
  return [
    `Soak of ${minutes} minutes on ${store}, ${rate} actions a second, seed ${seed}; took ${Math.round(tookMs / 1000)} s`,
    '',
    `did       ${list(did)}`,
    `answers   ${list(statuses)}`,
    `planned   ${list(Object.fromEntries(planned))}`,
    `held      ${Math.max(0, ...revocations)} revocations at most; the store ${Math.max(0, ...sizes).toFixed(1)} MiB at most`,
    '',
    row('second half', 'what', 'first', 'last', 'per hour', '± error', 'allowed', ''),
    ...growth.map(({ node, what, first, last, slope, allowedPerHour, isLeak }) =>
      row(
        ...[node, what, first.toFixed(1), last.toFixed(1)],
        ...[slope?.perHour.toFixed(2) ?? '-', slope?.error.toFixed(2) ?? '-'],
        ...[allowedPerHour.toFixed(1), isLeak ? 'LEAK' : 'ok'],
      ),
    ),
    '',
    row('event loop, ms', 'p50', 'p99', 'max'),
    ...lastOf(samples).map(({ node, measured: { delays } }) => row(node, ...cellsOf(delays.ever))),
    ...(machine.idle === undefined ? [] : [row('(idle process)', ...cellsOf(machine.idle))]),
    `The delays are ${areDelaysJudged(soaked) ? '' : 'not '}judged. The soak itself was held up ${machine.times} times, for ${Math.round(machine.totalMs / 1000)} s.`,
  ].join('\n')
}

function cellsOf({ p50, p99, max }: Delays): readonly string[] {
  return [p50, p99, max].map((ms) => ms.toFixed(1))
}

function lastOf(samples: readonly Sample[]): readonly Sample[] {
  return [...new Map(samples.map((sample) => [sample.node, sample])).values()]
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ')
}
