// Runs the checks that need nothing but the build, as many at a time as there are cores. Each prints what it has to say
// once it has ended, so that nothing is mixed up. All of them run, even if one fails.

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { root } from './published.mjs'

/** The longest first. */
const CHECKS = [
  'check:packages',
  'check:types',
  'check:unused',
  'check:api',
  'check:size',
  'check:postman',
  'check:compliance',
  'lint',
  'test:vectors',
]

/**
 * @param {string} name of a script of package.json
 * @returns {Promise<boolean>} whether it found nothing
 */
function run(name) {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', name], { cwd: root })
    let output = ''
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => keep(Buffer.from(`${error}\n`)))
    child.once('close', (code) => {
      process.stdout.write(`${code === 0 ? '' : 'FAILED: '}npm run ${name}\n${output}`)
      resolve(code === 0)
    })
  })
}

const left = [...CHECKS]
/** @type {string[]} */
const failed = []

async function runOn() {
  for (let name = left.shift(); name !== undefined; name = left.shift())
    if (!(await run(name))) failed.push(name)
}

await Promise.all(Array.from({ length: availableParallelism() }, runOn))
if (failed.length > 0) {
  console.error(`checks: failed: ${failed.join(', ')}`)
  process.exit(1)
}
