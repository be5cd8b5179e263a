// Runs the soak, whose parts are those of the tests and in TypeScript: see CONTRIBUTING.md.
//
//   npm run soak                                          an hour
//   npm run soak -- --minutes 5 --rate 40 --store postgres --seed 7

import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const { module } = await runnerImport('/test/soak/main.ts', { root, configFile: false, logLevel: 'warn' })
await module.main(process.argv.slice(2))
