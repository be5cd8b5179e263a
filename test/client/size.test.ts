import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const MOST_BYTES = 5 * 1024
const source = fileURLToPath(new URL('../../packages/client/src/index.ts', import.meta.url))

test('the client is under 5 KB, minified and compressed', async () => {
  const { outputFiles } = await build({
    ...{ entryPoints: [source], write: false, bundle: true, minify: true, format: 'esm', target: 'es2022' },
    metafile: true,
  })
  const [bundle] = outputFiles
  expect(gzipSync(bundle?.contents ?? '', { level: 9 }).length).toBeLessThan(MOST_BYTES)
})
