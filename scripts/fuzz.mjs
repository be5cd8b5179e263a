// Fuzzes the parsers, guided by coverage: `npm run fuzz -- --help`. Each target has a process of its own, which is ended if
// an input takes too long. Why the engine is our own: docs/decisions/0060-fuzzing-without-a-native-part.md.

import { fork } from 'node:child_process'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const USAGE = `npm run fuzz                          fuzzes all targets, for an hour altogether
npm run fuzz -- --minutes <minutes>   for another time
npm run fuzz -- --target <name>       fuzzes one
npm run fuzz -- --seed <number>       with other chances; default: the time
npm run fuzz -- --replay <file>       plays an input that was found`
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, '.cache/fuzz')
const engine = join(root, 'test/fuzz/engine')
const EX_USAGE = 64
/** No input may take longer, even where others have the processors. */
const MOST_INPUT_MS = 120_000
const MOST_LOST = 20

/**
 * @typedef {{ executions: number, kept: number, taken: number, branches: number }} Figures
 * @typedef {{ kind: 'figures' } & Figures | { kind: 'finding', path: string, shown: string }} Told
 * @typedef {{ target: string, found: string[] } & Figures} Report
 */

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    target: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    replay: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
})

/**
 * @param {string} file
 * @param {string[]} args
 * @param {boolean} instrument
 */
function start(file, args, instrument) {
  return fork(join(engine, file), args, {
    execArgv: ['--import', join(engine, 'register.mjs'), '--enable-source-maps', '--no-warnings'],
    env: { ...process.env, INSTRUMENT: instrument ? '1' : '0', NODE_ENV: 'test' },
  })
}

/** @param {string} file */
async function replay(file) {
  const child = start('replay.ts', [resolve(file)], false)
  return new Promise((ended) => child.once('exit', (code) => ended(code ?? 1)))
}

async function namesOfTargets() {
  const files = await readdir(join(root, 'test/fuzz/targets'))
  return files.filter((name) => name !== 'index.ts').map((name) => basename(name, '.ts'))
}

/**
 * Lets one process fuzz a target, until its time is over or it is lost.
 *
 * @param {Report} report is added to
 * @param {number} seconds
 * @param {number} seed
 * @returns {Promise<boolean>} whether it ended by itself
 */
async function session(report, seconds, seed) {
  const { target } = report
  const args = ['--target', target, '--seconds', String(seconds), '--seed', String(seed), '--folder', folder]
  const child = start('worker.ts', args, true)
  const before = { ...report }
  let why = 'it died'
  const lose = () => {
    why = `it took longer than ${MOST_INPUT_MS} ms`
    child.kill('SIGKILL')
  }
  /** @type {NodeJS.Timeout | undefined} */
  let timer
  child.on('message', (/** @type {Told} */ told) => {
    clearTimeout(timer)
    timer = setTimeout(lose, MOST_INPUT_MS)
    if (told.kind === 'figures') {
      report.executions = before.executions + told.executions
      report.kept = before.kept + told.kept
      report.taken = told.taken
      report.branches = told.branches
    } else tell(report, told.path, told.shown)
  })
  const code = await new Promise((ended) => child.once('exit', ended))
  clearTimeout(timer)
  if (code === 0) return true
  if (timer === undefined) throw new Error(`the target ${target} could not be started`)
  const bytes = await readFile(join(folder, target, 'current'))
  const path = join(folder, target, 'found', `lost-${seed}`)
  await writeFile(path, bytes.subarray(4, 4 + (bytes.length < 4 ? 0 : bytes.readUInt32LE())))
  tell(report, path, why)
  return false
}

/**
 * @param {Report} report
 * @param {string} path
 * @param {string} shown
 */
function tell(report, path, shown) {
  report.found.push(path)
  const file = relative(root, path)
  console.log(`\nFOUND by ${report.target}: ${file}\n${shown}\nAgain: npm run fuzz -- --replay ${file}\n`)
}

/**
 * @param {string} target
 * @param {number} seconds
 * @returns {Promise<Report>}
 */
async function fuzz(target, seconds) {
  const report = { target, found: [], executions: 0, kept: 0, taken: 0, branches: 0 }
  await mkdir(join(folder, target), { recursive: true })
  await rm(join(folder, target, 'found'), { recursive: true, force: true })
  const end = performance.now() + seconds * 1000
  for (let lost = 0; lost < MOST_LOST; lost++) {
    const left = Math.ceil((end - performance.now()) / 1000)
    if (left <= 0 || (await session(report, left, Number(values.seed) + lost))) break
  }
  console.log(row(report))
  return report
}

/** @param {Report} report */
const row = ({ target, executions, kept, taken, branches, found }) =>
  [
    target.padEnd(22),
    String(executions).padStart(12),
    String(kept).padStart(10),
    `${taken} of ${branches}`.padStart(16),
    String(found.length).padStart(9),
  ].join('')
const HEAD = `${'target'.padEnd(22)}${'executions'.padStart(12)}${'new inputs'.padStart(10)}${'branches'.padStart(16)}${'findings'.padStart(9)}`

async function main() {
  if (values.help) return console.log(USAGE)
  if (values.replay !== undefined) {
    process.exitCode = await replay(values.replay)
    return
  }
  const names = await namesOfTargets()
  const unknown = values.target.find((name) => !names.includes(name))
  const minutes = Number(values.minutes)
  if (unknown !== undefined || !(minutes > 0)) {
    console.error(unknown === undefined ? USAGE : `there is no target "${unknown}" among ${names.join(', ')}`)
    process.exitCode = EX_USAGE
    return
  }
  const chosen = values.target.length > 0 ? values.target : names
  const jobs = Math.min(availableParallelism(), chosen.length)
  const seconds = (minutes * 60 * jobs) / chosen.length
  console.log(`${chosen.length} targets, ${Math.round(seconds)} seconds each, seed ${values.seed}\n\n${HEAD}`)
  const left = [...chosen]
  /** @type {Report[]} */
  const reports = []
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (let name = left.shift(); name !== undefined; name = left.shift())
        reports.push(await fuzz(name, seconds))
    }),
  )
  const found = reports.flatMap((report) => report.found)
  const executions = reports.reduce((sum, report) => sum + report.executions, 0)
  console.log(
    `\n${HEAD}\n${reports.map(row).join('\n')}\n\n${executions} executions, ${found.length} findings`,
  )
  if (found.length > 0) process.exitCode = 1
}

await main()
