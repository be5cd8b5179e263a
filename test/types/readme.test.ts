import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = `${root}.cache/readme`

/** What the reader brings along. */
const YOURS = 'declare function checkPassword(body: unknown): Promise<{ id: string }>\n'

test('the example of the README compiles as it stands, against the built packages', async () => {
  const readme = await readFile(`${root}README.md`, 'utf8')
  const [, example] = /```ts\n(.*?)```/s.exec(readme) ?? []
  expect(example).toBeDefined()
  await mkdir(folder, { recursive: true })
  await writeFile(`${folder}/example.ts`, `${YOURS}${example}`)
  const compilerOptions = {
    ...{ strict: true, noEmit: true, module: 'nodenext', target: 'es2023', skipLibCheck: true },
    types: ['node'],
  }
  await writeFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ['example.ts'] }))
  const tsc = `${root}node_modules/typescript/bin/tsc`
  const compiled = promisify(execFile)(process.execPath, [tsc, '-p', folder]).catch(
    (cause: { stdout: string }) => cause,
  )
  expect((await compiled).stdout).toBe('')
})
