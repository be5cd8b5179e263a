// Unpacks packages of Debian and Ubuntu into .cache: no root, nothing is installed. Node built-ins only.

import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

export const cache = fileURLToPath(new URL('../.cache/', import.meta.url))

/** @param {unknown} error */
export const reason = (error) => {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
  return stderr || (error instanceof Error ? error.message : String(error))
}

/** @param {string} name */
export async function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder && (await exists(join(folder, name)))) return join(folder, name)
  }
  return undefined
}

/** @param {string} path */
export const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  )

export const hasApt = async () => Boolean((await onPath('apt-get')) && (await onPath('dpkg')))

/**
 * The environment in which programs find the libraries that were unpacked with them.
 *
 * @param {string} home a folder that `unpackPackage` made
 * @returns {Promise<Record<string, string>>}
 */
export async function libraryPath(home) {
  const folders = []
  for (const parent of [join(home, 'root/usr/lib'), join(home, 'root/lib')]) {
    for (const folder of await foldersOf(parent)) {
      folders.push(folder)
      // Some libraries have libraries of their own in a folder of their own.
      for (const inner of await foldersOf(folder))
        if ((await readdir(inner)).some((file) => /^lib.*\.so/.test(file))) folders.push(inner)
    }
  }
  return folders.length > 0 ? { LD_LIBRARY_PATH: folders.join(delimiter) } : {}
}

/** @param {string} parent */
async function foldersOf(parent) {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(parent, entry.name))
}

/**
 * Downloads a package, with the libraries that it misses here, through package lists of its own, and unpacks
 * all below `root` in its home. Rejects if it does not work there.
 *
 * @template T
 * @param {object} options
 * @param {string} options.name of the package
 * @param {string[]} [options.also] further packages without which it does not work
 * @param {RegExp} [options.follow] names of packages that it stands for, and which hold the programs themselves
 * @param {string} options.into where its home is to be in the end
 * @param {(home: string) => Promise<void>} options.arrange puts `binary` there
 * @param {string} options.binary path in the home of what needs the libraries
 * @param {(home: string) => Promise<T | undefined>} options.probe undefined while it does not work
 * @returns {Promise<T>}
 */
export async function unpackPackage({ name, also = [], follow, into, arrange, binary, probe }) {
  await mkdir(dirname(into), { recursive: true })
  const home = await mkdtemp(`${into}-`)
  const root = join(home, 'root')
  try {
    const apt = await privateApt(join(home, 'apt'))
    let layer = [name, ...also]
    await apt.unpack(layer, root)
    const followed = follow === undefined ? [] : (await apt.depends(name)).filter((one) => follow.test(one))
    await apt.unpack(followed, root)
    layer = [...layer, ...followed]
    await arrange(home)

    const seen = new Set(layer)
    while (!(await probe(home))) {
      layer = await missingLibraries(apt, layer, seen)
      if (layer.length === 0) throw new Error(`it does not run: ${await unresolved(home, binary)}`)
      await apt.unpack(layer, root)
    }
    await rm(apt.home, { recursive: true })

    // Another run may have been quicker: then its copy stays, if it works.
    if (!(await probe(into))) {
      await rm(into, { recursive: true, force: true })
      await rename(home, into).catch(() => {})
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
  const working = await probe(into)
  if (!working) throw new Error(`what was unpacked of ${name} does not run`)
  return working
}

/**
 * apt with lists, caches and locks in a folder of its own, so that any user can run it.
 *
 * @param {string} home
 */
async function privateApt(home) {
  const downloads = join(home, 'downloads')
  for (const folder of ['lists/partial', 'cache/archives/partial', 'downloads']) {
    await mkdir(join(home, folder), { recursive: true })
  }
  const options = [
    `Dir::State=${home}`,
    `Dir::State::Lists=${join(home, 'lists')}`,
    `Dir::Cache=${join(home, 'cache')}`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    'Acquire::Retries=3',
  ].flatMap((option) => ['-o', option])
  const limits = { cwd: downloads, timeout: 600_000, maxBuffer: 16 * 1024 * 1024 }
  await run('apt-get', [...options, '-q', 'update'], limits)

  /** @param {string} name */
  const file = async (name) => {
    const files = await readdir(downloads)
    const found = files.find((candidate) => candidate.startsWith(`${name}_`))
    if (!found) throw new Error(`apt-get downloaded no file of the package ${name}`)
    return join(downloads, found)
  }
  return {
    home,
    /**
     * @param {string[]} names
     * @param {string} root
     */
    async unpack(names, root) {
      if (names.length === 0) return
      await run('apt-get', [...options, '-q', 'download', ...names], limits)
      await mkdir(root, { recursive: true })
      for (const name of names) await run('dpkg', ['-x', await file(name), root], limits)
    },
    /** @param {string} name */
    async depends(name) {
      const { stdout } = await run('dpkg-deb', ['-f', await file(name), 'Depends'], limits)
      return stdout.split(',').map((clause) => clause.trim().split(/[\s|:(]/)[0] ?? '')
    },
  }
}

/**
 * The libraries that these packages depend on and that this machine has not installed. The C library is left
 * out: one beside the system's own would not work.
 *
 * @param {Awaited<ReturnType<typeof privateApt>>} apt
 * @param {string[]} packages
 * @param {Set<string>} seen
 */
async function missingLibraries(apt, packages, seen) {
  const missing = []
  for (const name of packages) {
    for (const dependency of await apt.depends(name)) {
      if (!dependency.startsWith('lib') || dependency === 'libc6' || seen.has(dependency)) continue
      seen.add(dependency)
      if (!(await installed(dependency))) missing.push(dependency)
    }
  }
  return missing
}

/** @param {string} name */
const installed = (name) =>
  run('dpkg-query', ['-s', name]).then(
    ({ stdout }) => /^Status: .* installed$/m.test(stdout),
    () => false,
  )

/**
 * @param {string} home
 * @param {string} binary
 */
async function unresolved(home, binary) {
  const env = { ...process.env, ...(await libraryPath(home)) }
  const { stdout } = await run('ldd', [join(home, binary)], { env }).catch(() => ({ stdout: '' }))
  const lines = stdout.split('\n').filter((line) => line.includes('not found'))
  return lines.length > 0 ? lines.map((line) => line.trim()).join(', ') : 'no library is missing'
}
