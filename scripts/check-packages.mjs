// What npm would publish: publint and attw look at each package that is not private.

import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const checks = [
  ['publint', '--strict'],
  ['attw', '--pack', '.', '--profile', 'esm-only'],
]

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

/** @param {string} folder */
async function check(folder) {
  const manifest = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
  if (manifest.private) return true
  for (const command of checks) {
    const { code, output } = await run(command, folder)
    if (code === 0) continue
    console.error(`packages: ${manifest.name} fails ${command.join(' ')}\n${output}`)
    return false
  }
  console.log(`packages: ${manifest.name} passes publint and attw`)
  return true
}

const folders = (await readdir(`${root}packages`)).map((name) => `${root}packages/${name}`)
const results = await Promise.all(folders.map(check))
if (results.includes(false)) process.exit(1)
