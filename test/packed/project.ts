import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { doorsOf, publishedPackages, root } from '../../scripts/published.mjs'

/** What a person installs along with our packages. */
const OTHERS = [
  ...['express', 'koa', '@koa/router', '@koa/bodyparser', 'fastify', 'ioredis', 'pg'],
  ...['@types/express', '@types/koa', '@types/node', '@types/pg'],
]

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder outside the repository, in whose `node_modules` our packages are as npm installs them. */
    readonly project: string
    /** All doors of all packages: `@sallyport/core/store`. */
    readonly doors: readonly string[]
  }
}

interface Manifest {
  readonly version: string
  readonly bin?: Names
  readonly dependencies?: Names
  readonly optionalDependencies?: Names
  readonly peerDependencies?: Names
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}
interface Locked extends Manifest {
  readonly link?: boolean
  readonly resolved?: string
  readonly integrity?: string
}
type Names = Readonly<Record<string, string>>
/** By location: `node_modules/koa`. */
type Locks = ReadonlyMap<string, Locked>

interface Tarball {
  readonly name: string
  readonly filename: string
  readonly integrity: string
}

/** Packs all packages and installs them, once for all tests of this folder. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const packages = await publishedPackages()
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'sallyport-packed-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const ours = await pack(folder, packages)
    await (process.env.PEERS === 'oldest' ? installOldest(folder, ours) : install(folder, ours))
  } catch (cause) {
    await remove()
    throw cause
  }
  provide('project', folder)
  provide(
    'doors',
    packages.flatMap(doorsOf).map(({ specifier }) => specifier),
  )
  return remove
}

type Packages = Awaited<ReturnType<typeof publishedPackages>>

/** What `npm publish` would upload, as it is on disk now. */
async function pack(folder: string, packages: Packages): Promise<Locks> {
  await mkdir(`${folder}/tarballs`)
  const workspaces = packages.flatMap(({ manifest }) => ['--workspace', manifest.name])
  const said = await npm(root, 'pack', '--json', '--pack-destination', `${folder}/tarballs`, ...workspaces)
  const tarballs: readonly Tarball[] = JSON.parse(said)
  return new Map(
    packages.map(({ manifest }) => {
      const tarball = tarballs.find(({ name }) => name === manifest.name)
      if (tarball === undefined) throw new Error(`npm did not pack ${manifest.name}`)
      const { version, bin, dependencies, peerDependencies, peerDependenciesMeta }: Manifest = manifest
      const wants = { bin, dependencies, peerDependencies, peerDependenciesMeta }
      const { filename, integrity } = tarball
      const locked = { version, resolved: `file:tarballs/${filename}`, integrity, ...wants }
      return [`node_modules/${manifest.name}`, JSON.parse(JSON.stringify(locked)) as Locked]
    }),
  )
}

/**
 * Installs our packages into an empty project. All else has the version, and the place, that the lockfile of the
 * repository gives it: so the tests say the same next year, and npm finds everything in its cache.
 */
async function install(folder: string, ours: Locks): Promise<void> {
  const text = await readFile(`${root}package-lock.json`, 'utf8')
  const { packages }: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(text)
  const theirs = Object.entries(packages).filter(([at, { link }]) => at.includes('node_modules/') && !link)
  const known = new Map([...theirs.map(([at, lock]) => [placeOf(at), lock] as const), ...ours])
  const dependencies = Object.fromEntries([
    ...[...ours].map(([at, { resolved = '' }]) => [at.slice('node_modules/'.length), resolved]),
    ...OTHERS.map((name) => [name, known.get(`node_modules/${name}`)?.version]),
  ])
  const manifest = { name: 'empty', version: '0.0.0', private: true, dependencies }
  const locks = Object.fromEntries([...closure(known, Object.keys(dependencies))].sort())
  const lockfile = { ...manifest, lockfileVersion: 3, requires: true, packages: { '': manifest, ...locks } }
  await writeFile(`${folder}/package.json`, JSON.stringify(manifest))
  await writeFile(`${folder}/package-lock.json`, JSON.stringify(lockfile))
  await npm(folder, 'ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund')
}

/** The same with the oldest versions that our packages allow of what an application brings along. */
async function installOldest(folder: string, ours: Locks): Promise<void> {
  const peers = [...ours.values()].flatMap(({ peerDependencies = {} }) => Object.entries(peerDependencies))
  const oldest = new Map(peers.map(([name, range]) => [name, /\d[\w.-]*/.exec(range)?.[0]]))
  const dependencies = Object.fromEntries([
    ...[...ours].map(([at, { resolved = '' }]) => [at.slice('node_modules/'.length), resolved]),
    ...OTHERS.map((name) => [name, oldest.get(name) ?? '*']),
  ])
  await writeFile(
    `${folder}/package.json`,
    JSON.stringify({ name: 'empty', version: '0.0.0', private: true, dependencies }),
  )
  await npm(folder, 'install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund')
}

/** What is installed below a package of the workspace is installed below the same package here. */
function placeOf(location: string): string {
  return location.replace(/^packages\/([^/]+)\//, 'node_modules/@sallyport/$1/')
}

/** The packages that these need, at the places where Node finds them. */
function closure(
  known: Locks,
  names: readonly string[],
  from = '',
  found = new Map<string, Locked>(),
): Locks {
  for (const name of names) {
    const at = placesOf(name, from).find((place) => known.has(place))
    const lock = known.get(at ?? '')
    if (at === undefined || lock === undefined)
      throw new Error(
        `${name}, which ${from || 'a test'} needs, is not in package-lock.json: run npm install`,
      )
    if (found.has(at)) continue
    const { dev, devOptional, peer, ...installed } = lock as Locked & Record<string, unknown>
    found.set(at, installed)
    const optional = Object.keys(lock.optionalDependencies ?? {})
    const there = optional.filter((one) => placesOf(one, at).some((place) => known.has(place)))
    closure(known, [...needsOf(lock), ...there], at, found)
  }
  return found
}

function needsOf({ dependencies, peerDependencies = {}, peerDependenciesMeta = {} }: Manifest): string[] {
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional)
  return [...Object.keys(dependencies ?? {}), ...peers]
}

/** `node_modules/a/node_modules/b` first, then `node_modules/b`. */
function placesOf(name: string, from: string): string[] {
  const above = from.lastIndexOf('/node_modules/')
  const here = `${from === '' ? '' : `${from}/`}node_modules/${name}`
  return from === '' ? [here] : [here, ...placesOf(name, above < 0 ? '' : from.slice(0, above))]
}

async function npm(folder: string, ...args: readonly string[]): Promise<string> {
  const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 }
  const { stdout } = await promisify(execFile)('npm', args, options)
  return stdout
}
