/** What an input must not do. Its message says what it did. */
class Fault extends Error {
  override readonly name = 'Fault'
}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Fault(what)
}

type ErrorClass = abstract new (...args: never) => Error

/** What a function returns; `undefined` if it throws one of the errors that it may throw. */
export function tolerating<T>(allowed: readonly ErrorClass[], run: () => T): T | undefined {
  try {
    return run()
  } catch (cause) {
    if (allowed.some((one) => cause instanceof one)) return undefined
    throw cause
  }
}

const TELLING_CHARS = 24

/** Whether a text has a piece of a secret in it that is long enough to be no accident. */
export function tellsOf(text: string, secret: string): boolean {
  for (let at = 0; at + TELLING_CHARS <= secret.length; at += TELLING_CHARS)
    if (text.includes(secret.slice(at, at + TELLING_CHARS))) return true
  return false
}
