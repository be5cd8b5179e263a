// Writes what each published package exports, door by door, to etc/<package>.api.md, so that a review sees every change
// of the public interface. With --check it writes nothing there, and fails when a file of etc/ is stale.
//
// API Extractor reads the built declarations. It brings the last TypeScript that has a compiler interface in JavaScript,
// and that prints what the extractor found: without comments, each declaration in one form.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  ExtractorMessageCategory,
} from '@microsoft/api-extractor'
import { doorsOf, publishedPackages, root, shortName } from './published.mjs'

/**
 * @typedef {import('./published.mjs').Package} Package
 * @typedef {import('./published.mjs').Door} Door
 * @typedef {{ readonly statements: readonly object[] }} Source
 */

const ts = createRequire(createRequire(import.meta.url).resolve('@microsoft/api-extractor'))('typescript')
const printer = ts.createPrinter({ removeComments: true })

const kept = `${root}etc`
const work = `${root}.cache/api`
const DOOR_REPORT = 'door.api.md'
const IGNORED = { default: { logLevel: ExtractorLogLevel.None } }

/**
 * @param {Package} published
 * @param {Door} door
 */
function configOf({ folder }, { types }) {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: `${folder}/package.json`,
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: types,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            ...{ target: 'es2023', lib: ['es2023'], module: 'nodenext', types: ['node'] },
            ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
          },
          files: [types],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: DOOR_REPORT,
        reportFolder: work,
        reportTempFolder: `${work}/temp`,
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: { extractorMessageReporting: IGNORED, tsdocMessageReporting: IGNORED },
      newlineKind: 'lf',
    },
  })
}

/**
 * @param {string} text
 * @returns {Source}
 */
const parse = (text) => ts.createSourceFile('door.d.ts', text, ts.ScriptTarget.ESNext)

/**
 * Statements without their comments, with a blank line between two of them; imports stand together.
 *
 * @param {Source} source
 * @param {readonly object[]} statements
 * @returns {string}
 */
function printed(source, statements) {
  const texts = statements.map((statement, index) => {
    const text = printer.printNode(ts.EmitHint.Unspecified, statement, source)
    const next = statements[index + 1]
    const isClose = next === undefined || [statement, next].every((one) => ts.isImportDeclaration(one))
    return isClose ? text : `${text}\n`
  })
  return texts.join('\n')
}

/**
 * What a door exports, and whatever else of the package its declarations name.
 *
 * @param {Package} published
 * @param {Door} door
 * @param {CompilerState} compilerState
 */
async function exportsOf(published, door, compilerState) {
  /** @type {string[]} */
  const faults = []
  Extractor.invoke(configOf(published, door), {
    localBuild: true,
    compilerState,
    messageCallback(message) {
      const { category, logLevel, text } = message
      if (category === ExtractorMessageCategory.Compiler && logLevel === ExtractorLogLevel.Error)
        faults.push(text)
      message.handled = true
    },
  })
  if (faults.length > 0) throw new Error(`the declarations of ${door.specifier}: ${faults.join('; ')}`)
  const report = await readFile(`${work}/${DOOR_REPORT}`, 'utf8')
  const source = parse(report.slice(report.indexOf('```ts\n') + '```ts\n'.length, report.lastIndexOf('```')))
  return printed(source, source.statements)
}

/**
 * What a door adds to other modules or to all of them. API Extractor leaves that out.
 *
 * @param {Door} door
 */
async function augmentationsOf({ types }) {
  const source = parse(await readFile(types, 'utf8'))
  return printed(
    source,
    source.statements.filter((statement) => ts.isModuleDeclaration(statement)),
  )
}

/**
 * @param {Package} published
 * @param {CompilerState} compilerState
 */
async function reportOf(published, compilerState) {
  const lines = [
    `# Public interface of ${published.manifest.name}`,
    '',
    '`npm run api` writes this file; do not edit it. What has no `export` is not exported: a declaration names it.',
  ]
  for (const door of doorsOf(published)) {
    const parts = [await exportsOf(published, door, compilerState), await augmentationsOf(door)]
    const code = parts.filter((part) => part !== '').join('\n\n')
    lines.push('', `## ${door.specifier}`, '', '```ts', code, '```')
  }
  return `${lines.join('\n')}\n`
}

/** @returns {Promise<ReadonlyMap<string, string>>} reports by the name of their file */
async function allReports() {
  const packages = await publishedPackages()
  const doors = packages.flatMap((published) => doorsOf(published).map((door) => ({ published, door })))
  const unbuilt = doors.find(({ door }) => !existsSync(door.types))
  if (unbuilt) throw new Error(`${unbuilt.door.types} does not exist: run npm run build`)
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  const [first] = doors
  if (first === undefined) return new Map()
  // One program for all doors: their declarations name the same types of Node.js and of the core.
  const compilerState = CompilerState.create(configOf(first.published, first.door), {
    additionalEntryPoints: doors.map(({ door }) => door.types),
  })
  /** @type {Map<string, string>} */
  const reports = new Map()
  for (const published of packages)
    reports.set(`${shortName(published)}.api.md`, await reportOf(published, compilerState))
  return reports
}

/** @returns {Promise<readonly string[]>} */
async function keptNames() {
  return existsSync(kept) ? (await readdir(kept)).filter((name) => name.endsWith('.api.md')) : []
}

/** @param {ReadonlyMap<string, string>} reports */
async function write(reports) {
  await mkdir(kept, { recursive: true })
  for (const name of await keptNames()) if (!reports.has(name)) await rm(`${kept}/${name}`)
  for (const [name, report] of reports) await writeFile(`${kept}/${name}`, report)
  console.log(`api: wrote ${reports.size} reports to etc/`)
}

/** @param {ReadonlyMap<string, string>} reports */
async function check(reports) {
  let stale = 0
  for (const name of await keptNames()) {
    if (reports.has(name)) continue
    console.error(`api: etc/${name} belongs to no published package`)
    stale++
  }
  for (const [name, report] of reports) {
    const file = `${kept}/${name}`
    const isThere = existsSync(file)
    if (isThere && (await readFile(file, 'utf8')) === report) continue
    stale++
    console.error(`api: etc/${name} ${isThere ? 'is stale' : 'does not exist'}`)
    await writeFile(`${work}/${name}`, report)
    if (isThere) console.error(await difference(name))
  }
  if (stale === 0) return console.log(`api: ${reports.size} reports are up to date`)
  console.error('api: the public interface changed; if you mean it, run npm run api and commit etc/')
  process.exitCode = 1
}

/**
 * @param {string} name of a report
 * @returns {Promise<string>}
 */
async function difference(name) {
  const args = ['diff', '--no-index', '--no-color', '--', `etc/${name}`, `.cache/api/${name}`]
  // The exit code of git is 1 when they differ.
  const { stdout } = await promisify(execFile)('git', args, { cwd: root }).catch((cause) => cause)
  return stdout
}

const reports = await allReports()
await (process.argv.includes('--check') ? check(reports) : write(reports))
