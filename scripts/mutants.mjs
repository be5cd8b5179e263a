// Changes the sources of the core in every way that Stryker knows, one at a time, and runs the tests that reach the change:
// at least one should fail. Prints the mutants that no test noticed and nothing explains, and fails if more than a tenth
// survived.
//
//   npm run mutants                                  all of ROOMS
//   npm run mutants -- sessions access/verify.ts     these folders and files of packages/core/src
//   npm run mutants -- sessions --tests test/unit/step-up.test.ts --tests test/unit/endings.test.ts
//                                                    these tests alone: others may notice what they miss
//
// Results are kept in .cache/mutants, also those of a run that breaks off. The next run tests only what has changed since.

import { readFile, stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { root } from './published.mjs'

/** @typedef {Awaited<ReturnType<Stryker['runMutationTest']>>[number]} Mutant */

const ROOMS = ['sessions', 'access', 'revocation', 'tokens', 'gate']
const SOURCES = 'packages/core/src/'
const CACHE = '.cache/mutants'
const RESULTS = `${CACHE}/results.json`
/** Percent of all mutants that tests must notice. */
const ENOUGH = 90
/** Mutants that no test can notice, or need notice, by file. */
const EXPLAINED = 'test/mutants/survivors.json'

/**
 * @typedef {object} Explained
 * @property {string} line where the change is, without the blanks around it
 * @property {string} from
 * @property {string} to
 * @property {string} why it does not matter
 */

/** @param {string} name of a folder or a file below SOURCES */
async function find(name) {
  const path = `${SOURCES}${name.replace(/\/$/, '')}`
  return (await stat(`${root}${path}`)).isDirectory()
    ? { path: `${path}/`, files: `${path}/**/*.ts` }
    : { path, files: path }
}

/**
 * @param {readonly string[]} mutate
 * @param {readonly string[]} testFiles
 */
function run(mutate, testFiles) {
  return new Stryker({
    mutate: [...mutate],
    ...(testFiles.length > 0 && { testFiles: [...testFiles] }),
    testRunner: 'vitest',
    vitest: { configFile: 'test/mutants/vitest.config.ts', related: false },
    coverageAnalysis: 'perTest',
    plugins: [
      import.meta.resolve('@stryker-mutator/vitest-runner'),
      import.meta.resolve('./mutants-kept.mjs'),
    ],
    reporters: ['progress-append-only', 'html', 'kept'],
    htmlReporter: { fileName: `${CACHE}/report.html` },
    incremental: true,
    incrementalFile: RESULTS,
    tempDirName: `${CACHE}/copy`,
    cleanTempDir: 'always',
    ignorePatterns: ['.cache', 'docs', 'packages/*/dist', '!packages/console/dist'],
    // Stryker would rewrite the paths in it by the programmatic interface of TypeScript, which version 7 does not have.
    tsconfigFile: 'none',
    disableTypeChecks: false,
    allowConsoleColors: false,
    concurrency: Number(process.env.MUTANTS_AT_ONCE ?? 1),
    // A test that waits for what never comes fails by its own time-out, before this one: it is for what blocks the process.
    timeoutMS: 120_000,
    timeoutFactor: 5,
    dryRunTimeoutMinutes: 60,
  }).runMutationTest()
}

/** @param {readonly Mutant[]} mutants of one file */
async function survivors(mutants) {
  const [{ fileName } = { fileName: '' }] = mutants
  const file = relative(root, fileName)
  const lines = (await readFile(fileName, 'utf8')).split('\n')
  const known = explained[file] ?? []
  const found = mutants.map(({ location: { start, end }, replacement = '', mutatorName, status }) => {
    const line = lines[start.line - 1] ?? ''
    const code =
      start.line === end.line
        ? line.slice(start.column - 1, end.column - 1)
        : `${line.slice(start.column - 1)} …`
    const why = known.find((one) => one.line === line.trim() && one.from === code && one.to === replacement)
    return {
      place: `${file}:${start.line}:${start.column}`,
      mutatorName,
      code,
      becomes: replacement,
      status,
      why,
    }
  })
  const stale = known.filter((one) => !found.some(({ why, status }) => why === one && isAlive(status)))
  return { file, found, stale }
}

/**
 * @param {number} part
 * @param {number} whole
 */
const percent = (part, whole) => (whole === 0 ? 100 : Math.floor((1000 * part) / whole) / 10)

/** @param {Mutant['status']} status */
const isAlive = (status) => status === 'Survived' || status === 'NoCoverage'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tests: { type: 'string', multiple: true, default: [] } },
})
const asked = await Promise.all((positionals.length > 0 ? positionals : ROOMS).map(find))
/** @type {Readonly<Record<string, readonly Explained[]>>} */
const explained = JSON.parse(await readFile(`${root}${EXPLAINED}`, 'utf8'))

const results = await run(
  asked.map(({ files }) => files),
  values.tests,
)
/** @type {Map<string, Mutant[]>} */
const byFile = new Map()
for (const mutant of results) {
  // Stryker also returns what it remembers of files that were not asked for.
  if (!asked.some(({ path }) => relative(root, mutant.fileName).startsWith(path))) continue
  byFile.set(mutant.fileName, [...(byFile.get(mutant.fileName) ?? []), mutant])
}

const rows = []
let unknown = 0
let noticedOfAll = 0
let all = 0
for (const mutants of byFile.values()) {
  const { file, found, stale } = await survivors(mutants)
  const alive = found.filter(({ status }) => isAlive(status))
  const noticed = found.filter(({ status }) => status === 'Killed' || status === 'Timeout').length
  for (const { place, mutatorName, code, becomes, status } of alive.filter(({ why }) => why === undefined))
    console.log(
      `${place} ${mutatorName}${status === 'NoCoverage' ? ' (not reached)' : ''}\n  - ${code}\n  + ${becomes}`,
    )
  for (const { line, from, to } of stale)
    console.log(`${EXPLAINED}: ${file} has no such survivor: ${line}: ${from} => ${to}`)
  const valid = alive.length + noticed
  const unexplained = alive.filter(({ why }) => why === undefined).length
  rows.push({
    file,
    mutants: valid,
    noticed,
    percent: percent(noticed, valid),
    explained: alive.length - unexplained,
    unexplained,
  })
  unknown += unexplained
  noticedOfAll += noticed
  all += valid
}
console.table(rows)
const score = percent(noticedOfAll, all)
console.log(`mutants: ${noticedOfAll} of ${all} noticed, ${score} %; ${unknown} survivors are not explained`)
if (score < ENOUGH) process.exit(1)
