import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'

const run = promisify(execFile)
const FAILURES = ['throws', 'rejects', 'rejects later', 'throws no error', 'gives a thenable that fails']

/** Each function that an application gives, and how a request fares whose function fails. */
const functions: readonly {
  readonly name: string
  readonly statuses: readonly unknown[]
  readonly told: boolean
}[] = [
  { name: 'on event', statuses: [401], told: true },
  { name: 'on revoked', statuses: [401], told: true },
  { name: 'endOnRevocation', statuses: [401], told: true },
  { name: 'anomalies.onAlert', statuses: [401], told: true },
  { name: 'own observe', statuses: [401], told: true },
  { name: 'own judge', statuses: [401], told: true },
  { name: 'locate', statuses: [401], told: true },
  { name: 'limits.signatures', statuses: [401], told: true },
  { name: 'refusals', statuses: [401], told: true },
  // What these fail with is the application's own answer to its own request.
  { name: 'claims.of', statuses: [401, expect.any(String)], told: false },
  { name: 'guard', statuses: [401, expect.any(String)], told: false },
]

/** What became of the requests, and the lines of standard error, with each failure. */
interface Played {
  readonly statuses: unknown
  readonly told: readonly string[]
}

async function play(name: string): Promise<readonly Played[]> {
  const program = new URL('callback-node.mjs', import.meta.url).pathname
  const { stdout, stderr } = await run(process.execPath, [program, name])
  const told = stderr.trim().split('\n')
  const ends = FAILURES.map((failure) => told.indexOf(failure))
  return stdout
    .trim()
    .split('\n')
    .map((line, index) => ({
      statuses: JSON.parse(line),
      told: told.slice((ends[index - 1] ?? -1) + 1, ends[index]),
    }))
}

describe.each(functions)('a function of the application ($name)', ({ name, statuses, told }) => {
  let played: readonly Played[]
  beforeAll(async () => {
    played = await play(name)
  })

  test.each([...FAILURES.entries()].map(([index, failure]) => ({ index, failure })))(
    'that $failure fifty times leaves the process alive, and is told once',
    ({ index }) => {
      expect(played.length).toBe(FAILURES.length)
      expect(played[index]?.statuses).toEqual(statuses)
      const notices = played[index]?.told.filter((line) => line.includes('SallyportNotice'))
      expect(notices?.filter((line) => !line.includes('"store"'))).toHaveLength(told ? 1 : 0)
      expect(played[index]?.told.join('\n')).not.toContain('words of a user')
    },
  )
})
