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
  ['attw', '--pack', '.', '--profile', 'strict'],
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
 * Each door leads to an ES module, and to a CommonJS module that loads it. The order matters: the first condition that
 * applies is taken. What reads no `exports` (TypeScript's `node10`, and tools as old) takes `main`, `types` and
 * `typesVersions`; it tells no kinds of declarations apart, and so gets those of the ES module.
 *
 * @param {Package} published
 * @returns {Iterable<string>}
 */
function* faultsOfDoors(published) {
  const { main, types, typesVersions, exports } = published.manifest
  const doors = doorsOf(published)
  if (!('.' in exports)) yield 'exports has no "."'
  for (const { key, name } of doors) {
    const esm = { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` }
    const commonjs = { types: `./dist/${name}.d.cts`, default: `./dist/${name}.cjs` }
    yield* difference(`exports["${key}"]`, exports[key], {
      import: esm,
      require: commonjs,
      default: esm.default,
    })
  }
  yield* difference('main', main, './dist/index.cjs')
  yield* difference('types', types, './dist/index.d.ts')
  const others = doors.filter(({ key }) => key !== '.').map(({ name }) => [name, [`./dist/${name}.d.ts`]])
  yield* difference(
    'typesVersions',
    typesVersions,
    others.length === 0 ? undefined : { '*': Object.fromEntries(others) },
  )
  for (const { specifier, types, code, commonjs } of doors)
    for (const file of [types, code, commonjs.types, commonjs.code])
      if (!existsSync(file)) yield `${file} does not exist, to which ${specifier} leads: run npm run build`
}

/**
 * @param {string} field
 * @param {unknown} given
 * @param {unknown} wanted
 * @returns {Iterable<string>}
 */
function* difference(field, given, wanted) {
  const [is, must] = [given, wanted].map((value) => JSON.stringify(value) ?? 'left out')
  if (is !== must) yield `${field} must be ${must}, and is ${is}`
}

/**
 * What an earlier build left in dist would be published.
 *
 * @param {Package} published
 * @returns {Promise<readonly string[]>}
 */
async function faultsOfBuild({ folder, directory }) {
  const files = await readdir(`${folder}/dist`, { recursive: true }).catch(() => [])
  // Pages for browsers are bundled from a folder beside src, of the same name in dist.
  const orphan = files.find((file) => {
    const source = `${file.slice(0, -'.js'.length)}.ts`
    return (
      file.endsWith('.js') && !existsSync(`${folder}/src/${source}`) && !existsSync(`${folder}/${source}`)
    )
  })
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
