// Bundles the pages of @sallyport/console into packages/console/dist/pages. Runs behind tsc in `npm run build`, since the
// pages have the built @sallyport/client inside.

import { copyFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { root } from './published.mjs'

const from = `${root}packages/console/pages`
const to = `${root}packages/console/dist/pages`

await build({
  entryPoints: [`${from}/account.ts`, `${from}/operator.ts`, `${from}/styles/console.css`],
  entryNames: '[name]',
  outdir: to,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  legalComments: 'none',
  logLevel: 'warning',
})
for (const file of ['account.html', 'operator.html', 'icon.svg'])
  await copyFile(`${from}/${file}`, `${to}/${file}`)
