import type { ClientOptions } from './options.ts'

const LONGEST_MS = 1_000_000_000

/** Throws a `TypeError` that names the option, and says what is allowed. */
export function checkOptions({ timeoutMs = 1, fetch, stepUp, deviceSignals, storage }: ClientOptions): void {
  const check = (isRight: boolean, name: string, allowed = 'a function'): void => {
    if (!isRight) throw new TypeError(`option "${name}" must be ${allowed}`)
  }
  const functions: Record<string, unknown> = { fetch, stepUp, deviceSignals }
  if (storage) {
    functions['storage.load'] = storage.load ?? 'missing'
    functions['storage.save'] = storage.save ?? 'missing'
  }
  for (const [name, given] of Object.entries(functions))
    check(given === undefined || typeof given === 'function', name)
  const isTime = Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= LONGEST_MS
  check(isTime, 'timeoutMs', 'an integer from 1 to 1e9')
}
