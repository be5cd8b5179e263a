import { ClientError } from './errors.ts'
import { scattered, stopwatch } from './system.ts'

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000

/** How long to wait after so many attempts have failed, in milliseconds: longer each time, and never all at once. */
export function backoffMs(failures: number): number {
  return scattered(Math.min(FIRST_WAIT_MS * 2 ** failures, LONGEST_WAIT_MS))
}

/** How long a server asks to be left alone, in milliseconds; `undefined`: it does not. */
export function retryAfterMs(answer: Response): number | undefined {
  const asked = Number(answer.headers.get('Retry-After') ?? undefined) * 1000
  return asked >= 0 ? Math.min(asked, LONGEST_WAIT_MS) : undefined
}

/** The time after a server asked to be left alone. */
export interface Backoff {
  /** Throws if it is too early. */
  check(): void
  /** Gives the error, and when to try again. */
  refused(answer: Response): ClientError
  served(): void
}

export function createBackoff(): Backoff {
  let passed = stopwatch()
  let waitMs = 0
  let times = 0
  let status = 0
  const error = (message: string): ClientError =>
    new ClientError(message, { status, retryAfterMs: waitMs - passed() })
  return {
    check() {
      if (passed() < waitMs) throw error('the server asked to wait')
    },
    refused(answer) {
      status = answer.status
      const own = backoffMs(times++)
      waitMs = retryAfterMs(answer) ?? own
      passed = stopwatch()
      return error(`a refresh was answered ${status}`)
    },
    served() {
      waitMs = 0
      times = 0
    },
  }
}
