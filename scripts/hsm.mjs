// Runs the tests that need an HSM, with SoftHSM in its place. Node built-ins only; what is missing here is put
// into .cache/hsm: no root, nothing is installed, and `npm ci` and `npm test` never build native code.
//
//   library: SOFTHSM2_LIBRARY, the path of libsofthsm2.so; or an installed one; or, on Debian and Ubuntu, the
//            package libsofthsm2, unpacked
//   binding: pkcs11js, built from source: needs Python, make and a C++ compiler, and the headers of Node, which
//            node-gyp fetches unless `nodedir` is set
//   faulty:  a library between the binding and SoftHSM, which fails when a test wants it

import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { cache, exists, hasApt, libraryPath, onPath, reason, unpackPackage } from './debian.mjs'

const PKCS11JS = '2.1.7'
const INSTALLED = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))
const home = join(cache, 'hsm')
const binding = join(home, 'binding')
const unpackedInto = join(home, 'softhsm')
const modules = join(binding, 'node_modules')

/**
 * Resolves to the environment of the tests; rejects with what is missing.
 *
 * @param {(line: string) => void} [say] told in one line what was found or is being done
 * @returns {Promise<Record<string, string>>}
 */
export async function findHsm(say = () => {}) {
  await mkdir(home, { recursive: true })
  await provideBinding(say)
  const { library, env } = await findLibrary(say)
  const faulty = await compileFaulty()
  return { ...env, NODE_PATH: modules, HSM_LIBRARY: library, HSM_FAULTY_LIBRARY: faulty }
}

/** @param {(line: string) => void} say */
async function provideBinding(say) {
  if (await loads(modules)) {
    say(`hsm: pkcs11js ${PKCS11JS} (.cache/hsm/binding)`)
    return
  }
  for (const tool of ['python3', 'make', 'cc', 'c++'])
    if (!(await onPath(tool))) throw new Error(wantedToBuild(`${tool} is not on PATH`))
  say(`hsm: building pkcs11js ${PKCS11JS} in .cache/hsm/binding`)
  const folder = await mkdtemp(`${binding}-`)
  try {
    const manifest = { private: true, dependencies: { pkcs11js: PKCS11JS }, allowScripts: { pkcs11js: true } }
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
    const flags = ['--ignore-scripts=false', '--no-audit', '--no-fund', '--no-package-lock']
    await run('npm', ['install', ...flags], { cwd: folder, timeout: 600_000, maxBuffer: 64 * 1024 * 1024 })
    if (!(await loads(join(folder, 'node_modules')))) throw new Error('what was built does not load')
    await rm(binding, { recursive: true, force: true })
    await rename(folder, binding)
  } catch (error) {
    throw new Error(wantedToBuild(reason(error)), { cause: error })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @param {string} why */
const wantedToBuild = (why) => `the HSM tests need the native package pkcs11js, and building it failed: ${why}
  Debian, Ubuntu: apt-get install python3 make g++
  Without a network node-gyp also needs the headers of Node: npm config set nodedir <where Node is installed>`

/**
 * @param {string} folder node_modules with the binding
 * @param {string} [library] to be loaded with it
 * @param {Record<string, string>} [env]
 */
async function loads(folder, library, env = {}) {
  const program = `const { PKCS11 } = require('pkcs11js'); new PKCS11(${library ? JSON.stringify(library) : ''})`
  const options = { env: { ...process.env, ...env, NODE_PATH: folder }, timeout: 20_000 }
  return run(process.execPath, ['-e', program], options).then(
    () => true,
    () => false,
  )
}

/**
 * @param {(line: string) => void} say
 * @returns {Promise<{ library: string, env: Record<string, string> }>}
 */
async function findLibrary(say) {
  const given = process.env.SOFTHSM2_LIBRARY
  if (given && !(await loads(modules, given)))
    throw new Error(`SOFTHSM2_LIBRARY is ${given}, which does not load as a PKCS#11 library`)
  for (const library of given ? [given] : INSTALLED) {
    if (!(await exists(library)) || !(await loads(modules, library))) continue
    say(`hsm: SoftHSM (${library})`)
    return { library, env: {} }
  }

  const kept = await unpacked(unpackedInto)
  if (kept) {
    say('hsm: SoftHSM (.cache/hsm/softhsm)')
    return kept
  }

  if (!(await hasApt())) throw new Error(wantedLibrary('there is none'))
  say('hsm: SoftHSM is not installed, so unpacking the package libsofthsm2 into .cache/hsm/softhsm')
  try {
    return await unpackPackage({
      name: 'libsofthsm2',
      into: unpackedInto,
      arrange: linkLibrary,
      binary: 'libsofthsm2.so',
      probe: unpacked,
    })
  } catch (error) {
    throw new Error(wantedLibrary(`fetching the package failed: ${reason(error)}`), { cause: error })
  }
}

/** @param {string} why */
const wantedLibrary = (why) => `the HSM tests need SoftHSM 2, and ${why}
  Debian, Ubuntu: apt-get install libsofthsm2
  Fedora:         dnf install softhsm
  macOS:          brew install softhsm
  or set SOFTHSM2_LIBRARY to the path of libsofthsm2.so`

/** @param {string} folder */
async function linkLibrary(folder) {
  const files = await readdir(join(folder, 'root'), { recursive: true })
  const library = files.find((file) => file.endsWith('/softhsm/libsofthsm2.so'))
  if (!library) throw new Error('the package has no libsofthsm2.so')
  await symlink(join('root', library), join(folder, 'libsofthsm2.so'))
}

/** @param {string} folder that `unpackPackage` made */
async function unpacked(folder) {
  const library = join(folder, 'libsofthsm2.so')
  const env = await libraryPath(folder)
  return (await loads(modules, library, env)) ? { library, env } : undefined
}

async function compileFaulty() {
  const source = join(root, 'test/hsm/faulty.c')
  const library = join(home, 'faulty.so')
  const compiled = `${library}.${process.pid}`
  const headers = join(modules, 'pkcs11js/includes')
  try {
    await run('cc', ['-shared', '-fPIC', '-Wall', '-Werror', '-I', headers, '-o', compiled, source, '-ldl'])
    await rename(compiled, library)
  } catch (error) {
    throw new Error(`the HSM tests need a C compiler, and it fails: ${reason(error)}`, { cause: error })
  }
  return library
}

/** @param {Record<string, string>} env */
function runTests(env) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--config', 'test/hsm/vitest.config.ts', ...process.argv.slice(2)]
  const tests = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  })
  tests.once('exit', (code) => process.exit(code ?? 1))
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    runTests(await findHsm((line) => console.log(line)))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}
