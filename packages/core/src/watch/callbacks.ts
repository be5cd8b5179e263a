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
}

export function createCallbacks(notice: (message: string) => void): Callbacks {
  return {
    guarded(name, callback) {
      const told = new Set<string>()

      function tell(cause: unknown): void {
        const kind = cause instanceof Error ? cause.name : typeof cause
        if (told.has(kind)) return
        told.add(kind)
        notice(`${name} failed with ${kind}; this is told once`)
      }

      return (...args) => {
        try {
          const result = callback(...args)
          if (isThenable(result)) Promise.resolve(result).catch(tell)
        } catch (cause) {
          tell(cause)
        }
      }
    },
  }
}
