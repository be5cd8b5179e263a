import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

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

describe.each(functions)('a function of the application ($name)', ({ name, statuses, told }) => {
  test.concurrent.each(FAILURES)(
    'that %s fifty times leaves the process alive, and is told once',
    async (failure) => {
      const program = new URL('callback-node.mjs', import.meta.url).pathname
      const { stdout, stderr } = await run(process.execPath, [program, name, failure])
      expect(JSON.parse(stdout)).toEqual(statuses)
      const notices = stderr.split('\n').filter((line) => line.includes('SallyportNotice'))
      expect(notices.filter((line) => !line.includes('"store"'))).toHaveLength(told ? 1 : 0)
      expect(stderr).not.toContain('words of a user')
    },
  )
})
