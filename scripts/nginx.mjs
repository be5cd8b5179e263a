// Finds a real nginx for the browser tests, or fetches one; see program.mjs. Node built-ins only.

import { pathToFileURL } from 'node:url'
import { findProgram, sayOrFail } from './program.mjs'

/** @param {(line: string) => void} [say] told in one line what was found or is being done */
export const findNginx = (say) =>
  findProgram(
    {
      name: 'nginx',
      variable: 'NGINX',
      commands: ['nginx'],
      flag: '-v',
      told: /^nginx version: nginx\/(\S+)/m,
      binary: 'usr/sbin/nginx',
      install: `  Debian, Ubuntu: apt-get install nginx
  Fedora:         dnf install nginx
  macOS:          brew install nginx`,
    },
    say,
  )

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await sayOrFail(findNginx)
