// Finds a real Chromium for the browser tests, or fetches one; see program.mjs. Node built-ins only.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findProgram, sayOrFail } from './program.mjs'

/** Text without a font has no size, and what has no size can't be clicked. */
const FONTS = `<?xml version="1.0"?>
<fontconfig>
  <dir prefix="relative">root/usr/share/fonts</dir>
</fontconfig>
`

/** @param {(line: string) => void} [say] told in one line what was found or is being done */
export const findChromium = (say) =>
  findProgram(
    {
      name: 'chromium',
      variable: 'CHROMIUM',
      commands: ['chromium', 'chromium-browser', 'google-chrome'],
      flag: '--version',
      told: /^(?:Chromium|Google Chrome) (\S+)/m,
      // The package's own script in /usr/bin looks for the browser in /usr/lib.
      binary: 'usr/lib/chromium/chromium',
      also: ['chromium-common', 'fonts-dejavu-core'],
      arrange: (home) => writeFile(join(home, 'fonts.conf'), FONTS),
      env: (home) => ({ FONTCONFIG_FILE: join(home, 'fonts.conf') }),
      install: `  Debian: apt-get install chromium
  Fedora: dnf install chromium`,
    },
    say,
  )

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await sayOrFail(findChromium)
