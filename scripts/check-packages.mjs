// What npm would publish: publint and attw look at each package that is not private, and this looks at what they leave
// out: what a person finds on the package's page, the types of each door, and what an earlier build left behind.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { doorsOf, publishedPackages, root } from './published.mjs'

/**
 * @typedef {import('./published.mjs').Package} Package
 * @typedef {import('./published.mjs').Manifest} Manifest
 */

const checks = [
  ['publint', '--strict'],
  ['attw', '--pack', '.', '--profile', 'esm-only'],
]
/** @type {Manifest} */
const monorepo = JSON.parse(await readFile(`${root}package.json`, 'utf8'))

/**
 * @param {string[]} command
 * @param {string} folder
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run([name = '', ...args], folder) {
  return new Promise((resolve) => {
    const child = spawn(`${root}node_modules/.bin/${name}`, args, { cwd: folder })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.once('error', (error) => resolve({ code: 1, output: String(error) }))
    child.once('close', (code) => resolve({ code, output }))
  })
}

/**
 * @param {Package} published
 * @returns {Iterable<string>}
 */
function* faultsOfManifest({ manifest, directory }) {
  const { description = '', keywords = [], repository = {}, license, author, homepage = '', bugs } = manifest
  if (description === '') yield 'package.json has no description'
  if (keywords.length === 0) yield 'package.json has no keywords'
  if (license !== monorepo.license) yield `license must be "${monorepo.license}", as for the monorepo`
  if (author !== monorepo.author) yield `author must be "${monorepo.author}", as for the monorepo`
  if (repository.type !== 'git' || repository.url !== monorepo.repository?.url)
    yield `repository.url must be "${monorepo.repository?.url}", of type "git"`
  if (repository.directory !== directory) yield `repository.directory must be "${directory}"`
  if (!homepage.includes(directory)) yield `homepage must lead to ${directory}`
  if (bugs?.url !== monorepo.bugs?.url) yield `bugs.url must be "${monorepo.bugs?.url}"`
}

/**
 * @param {Package} published
 * @returns {Promise<readonly string[]>}
 */
async function faultsOfReadme({ folder, manifest }) {
  const readme = await readFile(`${folder}/README.md`, 'utf8').catch(() => undefined)
  if (readme === undefined) return ['there is no README.md']
  const install = readme.split('\n').some((line) => {
    const [npm, command, ...names] = line.trim().split(/\s+/)
    return npm === 'npm' && command === 'install' && names.includes(manifest.name)
  })
  return [
    ...(install ? [] : [`README.md has no line "npm install ${manifest.name}"`]),
    ...(readme.includes('```ts\n') ? [] : ['README.md has no example: a code block of "ts"']),
  ]
}

/**
 * npm packs a licence only from the package's own folder.
 *
 * @param {Package} published
 * @returns {Promise<readonly string[]>}
 */
async function faultsOfLicense({ folder }) {
  const [own, whole] = await Promise.all(
    [folder, root].map((at) => readFile(`${at}/LICENSE`, 'utf8').catch(() => '')),
  )
  return own === whole ? [] : ['LICENSE must be a copy of the LICENSE of the monorepo']
}

/**
 * @param {Package} published
 * @returns {Iterable<string>}
 */
function* faultsOfDoors(published) {
  const { manifest } = published
  if (!('.' in manifest.exports)) yield 'exports has no "."'
  for (const [door, target] of Object.entries(manifest.exports)) {
    if (door === './package.json') continue
    if (typeof target === 'string' || target.types === undefined || target.default === undefined)
      yield `exports["${door}"] must have "types" and "default"`
    else if (Object.keys(target)[0] !== 'types') yield `exports["${door}"] must have "types" first`
  }
  for (const { specifier, types, code } of doorsOf(published))
    for (const file of [types, code])
      if (!existsSync(file)) yield `${file} does not exist, to which ${specifier} leads: run npm run build`
}

/**
 * What an earlier build left in dist would be published.
 *
 * @param {Package} published
 * @returns {Promise<readonly string[]>}
 */
async function faultsOfBuild({ folder, directory }) {
  const files = await readdir(`${folder}/dist`, { recursive: true }).catch(() => [])
  const orphan = files.find(
    (file) => file.endsWith('.js') && !existsSync(`${folder}/src/${file.slice(0, -'.js'.length)}.ts`),
  )
  return orphan === undefined
    ? []
    : [`${directory}/dist/${orphan} has no source any more: remove ${directory}/dist and run npm run build`]
}

/** @param {Package} published */
async function check(published) {
  const { folder, manifest } = published
  const faults = [
    ...faultsOfManifest(published),
    ...(await faultsOfReadme(published)),
    ...(await faultsOfLicense(published)),
    ...faultsOfDoors(published),
    ...(await faultsOfBuild(published)),
  ]
  for (const command of checks) {
    const { code, output } = await run(command, folder)
    if (code !== 0) faults.push(`fails ${command.join(' ')}\n${output}`)
  }
  for (const fault of faults) console.error(`packages: ${manifest.name}: ${fault}`)
  if (faults.length === 0) console.log(`packages: ${manifest.name} can be published`)
  return faults.length === 0
}

const results = await Promise.all((await publishedPackages()).map(check))
if (results.includes(false)) process.exit(1)
