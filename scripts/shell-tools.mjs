// Finds what operators type besides "sallyport" in the playbooks, or fetches it; see program.mjs. Node built-ins only.

import { pathToFileURL } from 'node:url'
import { findProgram, sayOrFail } from './program.mjs'

/** @type {(name: string, flag: string, told: RegExp) => import('./program.mjs').Sought} */
const tool = (name, flag, told) => ({
  ...{ name, variable: name.toUpperCase(), commands: [name], flag, told },
  binary: `usr/bin/${name}`,
  install: `  Debian, Ubuntu: apt-get install ${name}
  Fedora:         dnf install ${name}
  macOS:          brew install ${name}`,
})

const TOOLS = [
  tool('jq', '--version', /^jq-(\S+)/m),
  tool('curl', '--version', /^curl (\S+)/m),
  tool('openssl', 'version', /^OpenSSL (\S+)/m),
]

/** @param {(line: string) => void} [say] told in one line for each what was found or is being done */
export async function findShellTools(say) {
  const found = []
  for (const one of TOOLS) found.push(await findProgram(one, say))
  return found
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  await sayOrFail(findShellTools)
