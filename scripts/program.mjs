// Finds a program that tests need as it is in the world, or fetches it. Node built-ins only.
//
//   1. the path in an environment variable
//   2. on PATH
//   3. the copy that an earlier run put into .cache
//   4. Debian and Ubuntu: its package, unpacked into .cache: no root, nothing is installed, no service

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cache, exists, hasApt, libraryPath, onPath, reason, unpackPackage } from './debian.mjs'

/**
 * How to run a program: spawn `command` with `env` added to the environment.
 *
 * @typedef {{ command: string, env: Record<string, string>, version: string }} Program
 */

/**
 * @typedef {object} Sought
 * @property {string} name of Debian's package and of the folder in .cache
 * @property {string} variable the environment variable with the path of a binary
 * @property {string[]} commands its names on PATH
 * @property {string} flag with which it tells its version
 * @property {RegExp} told what it tells then, with the version in a group
 * @property {string} binary its path in the package
 * @property {string[]} [also] further packages without which it does not work
 * @property {(home: string) => Promise<void>} [arrange] puts beside the package what it needs
 * @property {(home: string) => Record<string, string>} [env] with which it finds that
 * @property {string} install how people get it
 */

const run = promisify(execFile)

/**
 * Resolves to a program that has been seen to run; rejects with what to install when there is none.
 *
 * @param {Sought} sought
 * @param {(line: string) => void} [say] told in one line what was found or is being done
 * @returns {Promise<Program>}
 */
export async function findProgram(sought, say = () => {}) {
  const { name, variable, commands } = sought
  const given = process.env[variable]
  if (given) {
    const program = await probe(sought, given)
    if (!program) throw new Error(`${variable} is ${given}, which does not run as ${name}`)
    say(`${name}: ${program.version} (${given}, from ${variable})`)
    return program
  }

  for (const command of commands) {
    const path = await onPath(command)
    const program = path && (await probe(sought, path))
    if (!program) continue
    say(`${name}: ${program.version} (${program.command})`)
    return program
  }

  const into = join(cache, name)
  const kept = await unpacked(sought, into)
  if (kept) {
    say(`${name}: ${kept.version} (.cache/${name})`)
    return kept
  }

  if (!(await hasApt())) throw new Error(wanted(sought, 'there is none on PATH'))
  say(`${name}: none on PATH, so unpacking the ${name} package into .cache/${name}`)
  const { also = [], arrange = async () => {} } = sought
  const binary = join('root', sought.binary)
  try {
    return await unpackPackage({ name, also, into, arrange, binary, probe: (home) => unpacked(sought, home) })
  } catch (error) {
    throw new Error(wanted(sought, `fetching the ${name} package failed: ${reason(error)}`), { cause: error })
  }
}

/**
 * For scripts: says what was found, or ends this process with what is missing.
 *
 * @param {(say: (line: string) => void) => Promise<unknown>} find
 */
export async function sayOrFail(find) {
  try {
    await find((line) => console.log(line))
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  }
}

/**
 * @param {Sought} sought
 * @param {string} why
 */
const wanted = ({ name, variable, install }, why) => `the tests need a real ${name}, and ${why}
${install}
  or set ${variable} to the path of its binary`

/**
 * @param {Sought} sought
 * @param {string} command
 * @param {Record<string, string>} [env]
 * @returns {Promise<Program | undefined>} undefined when it does not run
 */
async function probe({ flag, told }, command, env = {}) {
  try {
    const { stdout, stderr } = await run(command, [flag], {
      env: { ...process.env, ...env },
      timeout: 30_000,
    })
    const version = told.exec(stdout + stderr)?.[1]
    return version ? { command, env, version } : undefined
  } catch {
    return undefined
  }
}

/**
 * @param {Sought} sought
 * @param {string} home a folder that `unpackPackage` made
 * @returns {Promise<Program | undefined>}
 */
async function unpacked(sought, home) {
  const command = join(home, 'root', sought.binary)
  if (!(await exists(command))) return undefined
  return probe(sought, command, { ...(await libraryPath(home)), ...sought.env?.(home) })
}
