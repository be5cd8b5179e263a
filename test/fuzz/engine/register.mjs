// Comes before the engine, by `node --import`. With INSTRUMENT=1, what is loaded tells which of its branches were taken.

import { register } from 'node:module'
import { fileURLToPath } from 'node:url'

register('./hooks.mjs', import.meta.url)
if (process.env.INSTRUMENT === '1') {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  register('@jazzer.js/instrumentor/dist/esm-loader.mjs', import.meta.url, {
    data: {
      includes: [`${root}packages/`, `${root}test/fuzz/planted/`],
      excludes: ['node_modules'],
      seed: 1,
    },
  })
}
