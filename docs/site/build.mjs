// Builds the documentation into dist/: npm run docs. With --serve it shows it, and follows changes of its pages.

import { copyFile, mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, createServer } from 'vitepress'
import { root } from '../../scripts/published.mjs'
import { deadLinks } from './anchors.mjs'
import { readPages } from './pages.mjs'
import { writeReference } from './reference.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const staged = `${here}.staged`

await writeReference()
await rm(staged, { recursive: true, force: true })
for (const [file, page] of await readPages()) {
  await mkdir(dirname(`${staged}/${page}`), { recursive: true })
  await copyFile(root + file, `${staged}/${page}`)
}
await mkdir(`${staged}/docs`)
await copyFile(`${root}docs/benchmarks.svg`, `${staged}/docs/benchmarks.svg`)
await copyFile(`${root}docs/architecture.svg`, `${staged}/architecture.svg`)

if (process.argv.includes('--serve')) {
  const server = await createServer(here)
  await server.listen()
  server.printUrls()
} else {
  await build(here)
  const dead = await deadLinks(`${here}dist`)
  for (const one of dead) console.error(`docs: a link leads nowhere: ${one}`)
  if (dead.length > 0) process.exit(1)
}
