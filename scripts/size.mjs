// Writes how large each published package is to docs/size.md. With --check it writes nothing, and fails when a package
// has grown by more than a tenth since. Needs a build, and no network: what a package brings along is measured where
// this workspace has it.

import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, realpath, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { publishedPackages, root } from './published.mjs'

/**
 * @typedef {import('./published.mjs').Package} Package
 * @typedef {import('./published.mjs').Manifest} Manifest
 * @typedef {Readonly<Record<string, number>>} Sizes by column
 */

const file = `${root}docs/size.md`
const GROWTH = 0.1
const columns = /** @type {const} */ ([
  'packed',
  'unpacked',
  'dependencies',
  'their files',
  'loaded by import',
  'loaded when needed',
])

/**
 * @param {readonly Package[]} packages
 * @returns {Promise<ReadonlyMap<string, { packed: number, unpacked: number }>>} by name
 */
async function packs(packages) {
  const args = ['pack', '--dry-run', '--json', ...packages.flatMap(({ manifest }) => ['-w', manifest.name])]
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, maxBuffer: 64 * 1024 * 1024 })
  /** @type {readonly { name: string, size: number, unpackedSize: number }[]} */
  const packed = JSON.parse(stdout)
  return new Map(
    packed.map(({ name, size, unpackedSize }) => [name, { packed: size, unpacked: unpackedSize }]),
  )
}

/**
 * Where Node finds a dependency of the package in this folder.
 *
 * @param {string} folder
 * @param {string} name
 * @returns {Promise<string | undefined>}
 */
async function resolveFrom(folder, name) {
  for (let above = folder; ; above = dirname(above)) {
    const found = join(above, 'node_modules', name)
    if (existsSync(join(found, 'package.json'))) return realpath(found)
    if (above === dirname(above)) return undefined
  }
}

/**
 * The folders of all that npm installs with a package; peer dependencies are left out.
 *
 * @param {string} folder
 * @param {Set<string>} [found]
 * @returns {Promise<ReadonlySet<string>>}
 */
async function dependenciesOf(folder, found = new Set()) {
  /** @type {Manifest} */
  const {
    name,
    dependencies = {},
    optionalDependencies = {},
  } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  for (const dependency of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const at = await resolveFrom(folder, dependency)
    if (at === undefined && dependency in optionalDependencies) continue
    if (at === undefined) throw new Error(`${dependency} of ${name} is not installed: run npm ci`)
    if (found.has(at)) continue
    found.add(at)
    await dependenciesOf(at, found)
  }
  return found
}

/**
 * Bytes of all files of an installed package, without those of its own node_modules.
 *
 * @param {string} folder
 * @returns {Promise<number>}
 */
async function bytesIn(folder) {
  const entries = await readdir(folder, { withFileTypes: true })
  const sizes = entries
    .filter(({ name }) => name !== 'node_modules')
    .map((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return bytesIn(path)
      return entry.isFile() ? stat(path).then(({ size }) => size) : 0
    })
  return sum(await Promise.all(sizes))
}

/** @param {readonly number[]} numbers */
const sum = (numbers) => numbers.reduce((total, one) => total + one, 0)

/**
 * Minified JavaScript of a package and what it brings along: what an import loads at once, and what it loads only when
 * an option needs it. Peer dependencies and Node's own modules are left out.
 *
 * @param {Manifest} manifest
 */
async function bundle({ name, peerDependencies = {} }) {
  const entry = 'entry'
  const { metafile } = await build({
    stdin: { contents: `export * from ${JSON.stringify(name)}`, resolveDir: root, sourcefile: `${entry}.js` },
    ...{ bundle: true, minify: true, splitting: true, format: 'esm', platform: 'node', target: 'node20' },
    ...{ external: Object.keys(peerDependencies), outdir: 'out', write: false, metafile: true },
    // As Node loads them: whole modules, whatever of them is used.
    ...{ treeShaking: false, ignoreAnnotations: true, logLevel: 'error' },
  })
  const { outputs } = metafile
  const first = Object.keys(outputs).find((path) => outputs[path]?.entryPoint === `${entry}.js`) ?? ''
  const atOnce = new Set([first])
  for (const path of atOnce)
    for (const { path: imported, kind, external } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !external) atOnce.add(imported)
  const all = sum(Object.values(outputs).map(({ bytes }) => bytes))
  const loaded = sum([...atOnce].map((path) => outputs[path]?.bytes ?? 0))
  return { 'loaded by import': loaded, 'loaded when needed': all - loaded }
}

/** @returns {Promise<ReadonlyMap<string, Sizes>>} by name of the package */
async function measure() {
  const packages = await publishedPackages()
  const packed = await packs(packages)
  const ours = new Map(packages.map(({ folder, manifest }) => [folder, packed.get(manifest.name)?.unpacked]))
  /** @type {Map<string, Sizes>} */
  const sizes = new Map()
  for (const { folder, manifest } of packages) {
    const dependencies = [...(await dependenciesOf(folder))]
    // Of our own packages an installation has what is published, not sources and tests.
    const files = await Promise.all(dependencies.map((at) => ours.get(at) ?? bytesIn(at)))
    sizes.set(manifest.name, {
      ...(packed.get(manifest.name) ?? { packed: 0, unpacked: 0 }),
      dependencies: dependencies.length,
      'their files': sum(files),
      ...(await bundle(manifest)),
    })
  }
  return sizes
}

const INTRODUCTION = `# Size of the packages

\`npm run size\` writes this file; do not edit it. All sizes are in bytes.

- **packed**, **unpacked**: what npm downloads, and what that becomes on disk.
- **dependencies**, **their files**: how many packages npm installs along with this one in an empty folder, and the sum of
  their files. Peer dependencies (your framework, ioredis, the AWS SDK, pkcs11js) are yours and do not count.
- **loaded by import**: the JavaScript that an import of the package loads, dependencies included, minified by esbuild.
- **loaded when needed**: the same for what only some options load.

\`npm run check:size\` fails when a figure is more than ten percent above this table.
`

/** @param {ReadonlyMap<string, Sizes>} sizes */
function asPage(sizes) {
  const rows = [...sizes].map(
    ([name, row]) => `| \`${name}\` | ${columns.map((column) => shown(row[column])).join(' | ')} |`,
  )
  const head = [`| package | ${columns.join(' | ')} |`, `|---|${'---:|'.repeat(columns.length)}`]
  return `${INTRODUCTION}\n${[...head, ...rows].join('\n')}\n`
}

/** @param {number} [size] */
const shown = (size = 0) => size.toLocaleString('en-US')

/**
 * @param {string} page
 * @returns {ReadonlyMap<string, Sizes>}
 */
function readPage(page) {
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll(/[`,]/g, '')))
  return new Map(
    rows.map(([, name = '', ...cells]) => [
      name,
      Object.fromEntries(columns.map((column, index) => [column, Number(cells[index])])),
    ]),
  )
}

/**
 * @param {ReadonlyMap<string, Sizes>} before
 * @param {ReadonlyMap<string, Sizes>} now
 * @returns {readonly string[]}
 */
function faults(before, now) {
  const gone = [...before.keys()].filter((name) => !now.has(name))
  return [
    ...gone.map((name) => `${name} is in docs/size.md, but is no published package`),
    ...[...now].flatMap(([name, sizes]) => {
      const known = before.get(name)
      if (known === undefined) return [`${name} is not in docs/size.md`]
      return columns.flatMap((column) => growth(name, column, known[column] ?? 0, sizes[column] ?? 0))
    }),
  ]
}

/**
 * @param {string} name
 * @param {string} column
 * @param {number} before
 * @param {number} now
 * @returns {readonly string[]}
 */
function growth(name, column, before, now) {
  if (now <= before * (1 + GROWTH)) return []
  const percent = before === 0 ? '' : `, ${Math.round((now / before - 1) * 100)} % more`
  return [`${name}: "${column}" was ${shown(before)} and is ${shown(now)}${percent}`]
}

/** @param {ReadonlyMap<string, Sizes>} sizes */
async function check(sizes) {
  const found = faults(existsSync(file) ? readPage(await readFile(file, 'utf8')) : new Map(), sizes)
  if (found.length === 0)
    return console.log(`size: ${sizes.size} packages are within ten percent of docs/size.md`)
  for (const fault of found) console.error(`size: ${fault}`)
  console.error('size: if that has to be, run npm run size and commit docs/size.md')
  process.exitCode = 1
}

const sizes = await measure()
if (process.argv.includes('--check')) await check(sizes)
else {
  await writeFile(file, asPage(sizes))
  console.log(`size: wrote docs/size.md for ${sizes.size} packages`)
}
