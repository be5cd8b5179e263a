import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attacks } from '../../lab/src/attacks/index.ts'
import { testClock } from '../../packages/testing/src/index.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)

/** The exercises that have a solution in code, by the number in their heading. */
const NUMBERS = [1, 2, 3, 4, 5] as const
type Number = (typeof NUMBERS)[number]

function sectionOf(page: string, number: Number): string {
  const text = readFileSync(`${root}lab/${page}`, 'utf8')
  const section = text.split(/^## /m).find((one) => one.startsWith(`${number}. `))
  if (section === undefined) throw new Error(`${page} has no section ${number}`)
  return section
}

/** The attacks that an exercise is about. */
function attacksOf(number: Number): string[] {
  const section = sectionOf('EXERCISES.md', number)
  return attacks.map(({ name }) => name).filter((name) => new RegExp(`[\`\\s]${name}\``).test(section))
}

function diffOf(number: Number): string {
  const [, diff] = /^```diff\n(.*?)^```$/ms.exec(sectionOf('SOLUTIONS.md', number)) ?? []
  if (diff === undefined) throw new Error(`SOLUTIONS.md has no diff in section ${number}`)
  return diff
}

let folder: string
const mended = (number: Number | 0): string => `${folder}/${number}`

/** Each solution on top of the one before, in a copy of the lab of its own. */
beforeAll(async () => {
  mkdirSync(`${root}.cache`, { recursive: true })
  folder = mkdtempSync(`${root}.cache/lab-`)
  cpSync(`${root}lab/src`, `${mended(0)}/lab/src`, { recursive: true })
  for (const number of NUMBERS) {
    cpSync(mended((number - 1) as Number | 0), mended(number), { recursive: true })
    writeFileSync(`${mended(number)}/solution.diff`, diffOf(number))
    const ceiling = { ...process.env, GIT_CEILING_DIRECTORIES: folder }
    await run('git', ['apply', 'solution.diff'], { cwd: mended(number), env: ceiling })
  }
})
afterAll(() => folder && rmSync(folder, { recursive: true }))

type Play = typeof import('../../lab/src/play/play.ts')
type Naive = typeof import('../../lab/src/servers/naive.ts')
type Scenes = typeof import('../../lab/src/play/scene.ts')

describe.each(NUMBERS)('with the solutions up to exercise %i,', (number) => {
  test('the attacks of these exercises fail, and all others still succeed', async () => {
    const { play }: Play = await import(`${mended(number)}/lab/src/play/play.ts`)
    const stopped = NUMBERS.filter((one) => one <= number).flatMap(attacksOf)
    const reports = await Promise.all(attacks.map(play))
    expect(Object.fromEntries(reports.map(({ name, verdicts }) => [name, verdicts.naive]))).toEqual(
      Object.fromEntries(attacks.map(({ name }) => [name, stopped.includes(name) ? 'failed' : 'succeeded'])),
    )
  })

  test('an honest user signs in, refreshes, is known, and signs out', async () => {
    const { startNaive }: Naive = await import(`${mended(number)}/lab/src/servers/naive.ts`)
    const { createScene }: Scenes = await import(`${mended(number)}/lab/src/play/scene.ts`)
    const clock = testClock()
    const server = await startNaive(clock)
    const { send, recorded } = createScene(server, clock)
    try {
      const body = { username: 'alice', password: 'sunshine7' }
      const first = await send('signs in', { method: 'POST', path: '/auth/login', body })
      await send('is known', { path: '/api/me', bearer: first.accessToken })
      clock.advance({ minutes: 20 })
      const next = await send('refreshes', { method: 'POST', path: '/auth/refresh', cookie: first.cookie })
      const me = await send('is known', { path: '/api/me', bearer: next.accessToken })
      expect(me.text).toBe('{"sub":"alice"}')
      await send('signs out', { method: 'POST', path: '/auth/logout', cookie: next.cookie })
      expect(recorded.map(({ exchange }) => exchange.status)).toEqual([200, 200, 200, 200, 204])
    } finally {
      await server.close()
    }
  })
})

test('each attack is in one exercise', () => {
  expect(NUMBERS.flatMap(attacksOf).sort()).toEqual(attacks.map(({ name }) => name).sort())
})

test('the mended server compiles', async () => {
  const last = NUMBERS[NUMBERS.length - 1] ?? 1
  const config = {
    extends: `${root}tsconfig.base.json`,
    compilerOptions: { rootDir: 'lab/src', noEmit: true, composite: false },
    include: ['lab/src'],
  }
  writeFileSync(`${mended(last)}/tsconfig.json`, JSON.stringify(config))
  const { stdout } = await run(process.execPath, [
    `${root}node_modules/typescript/bin/tsc`,
    '-p',
    mended(last),
  ])
  expect(stdout).toBe('')
})
