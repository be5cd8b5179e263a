// The benchmarks: one command, a quick mode and a full one.
//
//   npm run bench                                  eleven minutes
//   npm run bench -- --full --out docs             everything: between two and three hours
//   npm run bench -- --only verify --framework koa --match jwt
//   npm run bench -- --only watching               what it costs that events are followed: twenty minutes

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { drawChart } from './chart.ts'
import { measureFlood } from './flood.ts'
import { describeMachine, leaveMeasuredCore } from './machine.ts'
import { measureMemory } from './memory.ts'
import { measureMicro } from './micro.ts'
import { measurePolicies } from './policies.ts'
import { measureReach } from './reach.ts'
import { measureRefresh } from './refresh.ts'
import { reportRefresh } from './refresh-report.ts'
import { measureScale } from './scale/measure.ts'
import { algorithms, type Extent, frameworks, full, quick, type Report, type Say } from './setup.ts'
import { measureStartup } from './startup.ts'
import { measureStores } from './stores.ts'
import { measureVerify, type VerifyChoice } from './verify.ts'
import { reportVerify } from './verify-report.ts'
import { measureWatching } from './watching.ts'

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    /** Names of sections, with commas between them. */
    only: { type: 'string' },
    framework: { type: 'string' },
    match: { type: 'string' },
    /** Numbers of tokens in use, with commas between them. */
    tokens: { type: 'string' },
    /** Names of algorithms, likewise. */
    algorithms: { type: 'string' },
    /** Folder for the Markdown and the chart. */
    out: { type: 'string', default: fileURLToPath(new URL('../../.cache/bench/', import.meta.url)) },
    /** File for the figures of every round. */
    json: { type: 'string' },
  },
})

const started = performance.now()
const say: Say = (line) => {
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stderr.write(`${String(seconds).padStart(5)} s  ${line}\n`)
}
// Otherwise there would be no 'exit', which ends the servers.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const sections: Readonly<Record<string, () => Promise<Report>>> = {
  async verify() {
    const sets = await measureVerify(extent, choice, say)
    return { ...reportVerify(sets), chart: drawChart(sets) }
  },
  refresh: async () => reportRefresh(await measureRefresh(extent, choice.framework, say)),
  stores: () => measureStores(extent, choice.framework, say),
  watching: () => measureWatching(extent, choice.framework, say),
  micro: () => measureMicro(extent, say),
  policies: () => measurePolicies(extent, say),
  memory: () => measureMemory(extent, say),
  flood: () => measureFlood(extent, say),
  reach: () => measureReach(extent, say),
  startup: () => measureStartup(extent, say),
  scale: () => measureScale(extent, say),
}

/** What takes as long as all else together, and is measured if it is asked for, or everything is. */
const long: readonly string[] = ['watching']

const extent: Extent = {
  ...(values.full ? full : quick),
  ...(values.tokens !== undefined && { tokens: values.tokens.split(',').map(Number) }),
  ...(values.algorithms !== undefined && {
    algorithms: values.algorithms.split(',').flatMap((name) => oneOf('--algorithms', algorithms, name) ?? []),
  }),
}
const choice: VerifyChoice = {
  framework: oneOf('--framework', frameworks, values.framework),
  match: values.match,
}
const only = values.only?.split(',').map((name) => oneOf('--only', Object.keys(sections), name))

leaveMeasuredCore()
const reports = new Map<string, Report>()
for (const [name, measure] of Object.entries(sections)) {
  if (only === undefined ? long.includes(name) && !extent.full : !only.includes(name)) continue
  try {
    reports.set(name, await measure())
  } catch (fault) {
    // Hours of other figures are not to be lost with it.
    say(`${name} failed: ${fault instanceof Error ? fault.stack : String(fault)}`)
    process.exitCode = 1
  }
  await keep()
}
process.stdout.write(markdownOf())

/** Writes what is there so far. */
async function keep(): Promise<void> {
  await mkdir(values.out, { recursive: true })
  await writeFile(join(values.out, 'benchmarks.md'), markdownOf())
  for (const { chart } of reports.values())
    if (chart !== undefined) await writeFile(join(values.out, 'benchmarks.svg'), chart)
  if (values.json === undefined) return
  const results = Object.fromEntries([...reports].map(([name, report]) => [name, report.results]))
  await writeFile(
    values.json,
    `${JSON.stringify({ machine: describeMachine(), extent, ...results }, null, 2)}\n`,
  )
}

function markdownOf(): string {
  const mode = extent.full ? 'full' : 'quick'
  const head = `# Benchmarks\n\n${describeMachine()} Medians (least–greatest) where nothing else is said; ${mode} mode.`
  return `${[head, ...[...reports.values()].map(({ markdown }) => markdown)].join('\n\n')}\n`
}

function oneOf<const Name extends string>(
  option: string,
  names: readonly Name[],
  given?: string,
): Name | undefined {
  const found = names.find((name) => name === given)
  if (given !== undefined && found === undefined)
    throw new RangeError(`${option} must be one of ${names.join(', ')}`)
  return found
}
