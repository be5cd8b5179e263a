// Runs the tests on the packed packages with each Node.js that is supported, and with the oldest and the newest versions
// of what an application brings along: Express, Koa, Fastify, ioredis, pg. All of it runs, even if one combination fails.
//
//   npm run test:matrix            every combination
//   npm run test:matrix -- 22 24   these versions of Node.js alone

import { spawn } from 'node:child_process'
import { delimiter } from 'node:path'
import { fetchNode } from './nodes.mjs'
import { root } from './published.mjs'

/** The oldest that `engines` allows, and each line that is maintained, or was until lately. */
const NODES = ['20.19.0', '20', '22', '24', '26']
const PEERS = ['oldest', 'newest']

/**
 * @param {string} bin
 * @param {string} peers
 * @returns {Promise<boolean>} whether all tests passed
 */
function testOn(bin, peers) {
  return new Promise((resolve) => {
    const vitest = `${root}node_modules/vitest/vitest.mjs`
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, PEERS: peers }
    const args = [vitest, 'run', '--config', 'test/packed/vitest.config.ts']
    spawn(`${bin}/node`, args, { cwd: root, env, stdio: 'inherit' })
      .once('error', () => resolve(false))
      .once('close', (code) => resolve(code === 0))
  })
}

const asked = process.argv.slice(2)
const rows = []
for (const wanted of asked.length > 0 ? asked : NODES) {
  const { bin, version } = await fetchNode(wanted)
  for (const peers of PEERS) {
    console.log(`matrix: Node.js ${version}, ${peers} peers`)
    rows.push({ node: version, peers, passed: await testOn(bin, peers) })
  }
}
console.table(rows)
if (rows.some(({ passed }) => !passed)) process.exit(1)
