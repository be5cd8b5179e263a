import { setTimeout as sleep } from 'node:timers/promises'
import { createSallyport } from '@sallyport/core'
import { breachesOf } from '../faults/history.ts'
import { createRecorder } from '../faults/recorder.ts'
import { type Node, REFUSED_WITHIN_MS, startNodes } from '../faults/system.ts'
import { createChances } from '../support/chances.ts'
import { createAnswerJudge } from './judged/answers.ts'
import { type Complaint, createComplaints } from './judged/complaints.ts'
import type { Happened, Soaked } from './judged/report.ts'
import { growthOf } from './judged/verdict.ts'
import { startBystander } from './measured/bystander.ts'
import { startProbes } from './measured/probes.ts'
import { startSamples } from './measured/samples.ts'
import { createFaults } from './planned/faults.ts'
import { startFleet } from './planned/fleet.ts'
import { watchMachine } from './planned/held-up.ts'
import { createOutages } from './planned/outages.ts'
import { type StoreName, startStore } from './planned/store.ts'
import { timetable } from './planned/timetable.ts'
import { createPeople, LIFETIMES } from './traffic/people.ts'
import { startTraffic } from './traffic/traffic.ts'

export interface SoakOptions {
  readonly minutes: number
  /** Actions in a second. */
  readonly rate: number
  readonly store: StoreName
  readonly seed: number
  /** What is loaded into each node. Default: the probe. A test plants a leak with it. */
  readonly probe?: URL
  /** What stands between the clients and a node. Default: nothing. A test plants wrong answers with it. */
  readonly disguise?: (node: Node) => Node
  /** Is told what happens, line by line. */
  readonly say: (line: string) => void
}

const KEY_PREFIX = 'soak'
const MINUTE_MS = 60_000
const SAMPLED_EVERY_MS = 10_000
const LEAST_SAMPLES = 40
/** The demo's scrypt takes 32 MiB at a time; this makes the C library give them back at once. */
const GIVE_BACK = 'glibc.malloc.mmap_threshold=4194304'
const BOUNDS = { refusedWithinMs: REFUSED_WITHIN_MS, maxStalenessMs: 10_000, slackMs: 100 }

/** Runs the soak from its start to its end. Whatever it finds is in what it resolves to. */
export async function soak(options: SoakOptions): Promise<Soaked> {
  const { minutes, rate, seed, say, disguise = (node) => node } = options
  const { probe = new URL('./measured/probe.mjs', import.meta.url) } = options
  let startedAt = performance.now()
  const timed = (at: number): string => `${((at - startedAt) / 1000).toFixed(1)} s`
  const complaints = createComplaints(({ kind, what, at }: Complaint) =>
    say(`${timed(at)}  ! ${kind}: ${what}`),
  )
  const outages = createOutages()
  const recorder = createRecorder(createAnswerJudge(outages, complaints))
  const chances = createChances(seed)
  const people = createPeople(chances)
  const store = await startStore(options.store, KEY_PREFIX)
  const nodes = await startNodes({ ...store.env, KEY_PREFIX, ...environment }, store)
  const probes = await startProbes(probe)
  const bystander = startBystander(probes)
  const operator = await createSallyport({
    ...{ issuer: 'https://auth.example.test', audience: 'https://api.example.test' },
    secret: Buffer.from(nodes.secret, 'base64url'),
    store: store.driver(),
    access: { ttlSeconds: LIFETIMES.access },
    refresh: { idleSeconds: LIFETIMES.idle, absoluteSeconds: LIFETIMES.session },
  })
  const fleet = await startFleet({ nodes, env: probes.env, disguise, recorder, chances, complaints })
  const happen = createFaults({ store, fleet, outages, recorder, people, complaints, chances, operator })

  const settle = (sessions: ReadonlySet<string>): void => {
    const taken = recorder.take(sessions)
    const ofNodes = recorder.history.filter((fact) => !('session' in fact))
    // What was not answered is judged as it comes, by what was planned then.
    for (const { promise, ...rest } of breachesOf([...ofNodes, ...taken], BOUNDS))
      if (promise !== 'unanswered') complaints.add('history', `${promise} ${JSON.stringify(rest)}`)
  }

  startedAt = performance.now()
  const until = startedAt + minutes * MINUTE_MS
  const ending = new AbortController()
  const happened: Happened[] = []
  const faults = (async () => {
    for (const planned of timetable(chances, minutes)) {
      await sleep(planned.afterMs, undefined, { signal: ending.signal }).catch(() => {})
      if (ending.signal.aborted) return
      const from = performance.now()
      await happen(planned).catch((cause) => complaints.add('soak', `${planned.what}: ${String(cause)}`))
      const tookMs = Math.round(performance.now() - from)
      happened.push({ ...planned, atMs: Math.round(from - startedAt), tookMs })
      say(`${timed(from)}  ${planned.what}: well again after ${tookMs} ms`)
    }
  })()

  let settledAt = startedAt
  const samples = startSamples({
    ...{ fleet, probes, store, outages },
    everyMs: Math.min(SAMPLED_EVERY_MS, (minutes * MINUTE_MS) / LEAST_SAMPLES),
    onRound() {
      fleet.readErrors()
      fleet.findDead()
      if (performance.now() < settledAt + MINUTE_MS) return
      settledAt = performance.now()
      settle(people.settle())
      say(
        `${timed(settledAt)}  ${people.live.length} sessions, ${recorder.statuses.get(200) ?? 0} answers of 200`,
      )
    },
  })
  const machine = watchMachine(outages, fleet, recorder)
  const traffic = startTraffic({ fleet, people, recorder, outages, complaints, chances }, rate)

  await sleep(until - performance.now())
  ending.abort()
  await faults
  await traffic.stop()
  machine.stop()
  await samples.stop()
  const idle = await bystander.delays()
  bystander.stop()
  const left = recorder.history.flatMap((fact) => ('session' in fact ? [fact.session] : []))
  settle(new Set(left))
  fleet.findDead()
  await operator.close()
  await probes.stop()
  const { exitCodes } = await nodes.stop()
  fleet.readErrors()
  // A node that was killed by plan has the code of SIGKILL.
  const wrong = exitCodes.filter((code) => code !== 0 && code !== 137)
  const killed = happened.filter(({ what }) => what === 'node killed').length
  if (wrong.length > 0 || exitCodes.filter((code) => code === 137).length !== killed)
    complaints.add('process', `exit codes ${exitCodes.join(', ')}, and ${killed} were killed`)

  return {
    options: { minutes, rate, store: options.store, seed },
    tookMs: Math.round(performance.now() - startedAt),
    happened,
    did: Object.fromEntries(traffic.counts),
    statuses: Object.fromEntries(recorder.statuses),
    complaints: { counts: Object.fromEntries(complaints.counts), first: complaints.first },
    machine: { ...machine.heldUp(), idle },
    growth: growthOf(samples.all),
    samples: samples.all,
  }
}

const environment: Readonly<Record<string, string>> = {
  ACCESS_TTL: String(LIFETIMES.access),
  REFRESH_TTL: String(LIFETIMES.idle),
  SESSION_TTL: String(LIFETIMES.session),
  REUSE_GRACE: String(LIFETIMES.grace),
  MAX_SESSIONS: '20',
  LOCKOUT_ATTEMPTS: '20',
  LOCKOUT_WINDOW: '60',
  LOCKOUT_DURATION: '60',
  GLIBC_TUNABLES: GIVE_BACK,
}
