import { isThenable } from '../thenable.ts'

/**
 * Calls functions of the application. What one throws, or what its promise rejects with, harms nobody: it is told by a
 * notice, once for each function and kind of error.
 */
export interface Callbacks {
  /**
   * Makes a function that is safe to call from one of the application.
   *
   * @param name tells in the notice which one it is, such as `a listener of "event"`
   */
  guarded<Args extends readonly unknown[]>(
    name: string,
    callback: (...args: Args) => unknown,
  ): (...args: Args) => void
  /** Does the same, and gives what the function returns; `undefined` if it throws. */
  answering<Args extends readonly unknown[], Answer>(
    name: string,
    callback: (...args: Args) => Answer,
  ): (...args: Args) => Answer | undefined
}

export function createCallbacks(notice: (message: string) => void): Callbacks {
  function answering<Args extends readonly unknown[], Answer>(
    name: string,
    callback: (...args: Args) => Answer,
  ): (...args: Args) => Answer | undefined {
    const told = new Set<string>()

    function tell(cause: unknown): undefined {
      const kind = cause instanceof Error ? cause.name : typeof cause
      if (!told.has(kind)) notice(`${name} failed with ${kind}; this is told once`)
      told.add(kind)
    }

    return (...args) => {
      try {
        const result = callback(...args)
        if (isThenable(result)) Promise.resolve(result).catch(tell)
        return result
      } catch (cause) {
        return tell(cause)
      }
    }
  }
  return { answering, guarded: answering }
}
