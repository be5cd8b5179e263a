import type { Trail } from './trail.ts'

/**
 * Makes a step that is refused unless its events are written. If the trail is away it is refused before it begins, so
 * that nothing changes.
 */
export interface Required {
  /** Whether anything has to be written. */
  readonly isOn: boolean
  /** For a step that gives a promise. */
  step<Args extends readonly unknown[], Result>(
    take: (...args: Args) => Promise<Result>,
    refuse: () => Result,
  ): (...args: Args) => Promise<Result>
  /** For a step that gives a promise only where it has to. */
  decision<Args extends readonly unknown[], Result>(
    take: (...args: Args) => Result | Promise<Result>,
    refuse: () => Result,
  ): (...args: Args) => Result | Promise<Result>
}

const NOT_REQUIRED: Required = { isOn: false, step: (take) => take, decision: (take) => take }

/** @param trail `undefined` if nothing has to be written */
export function createRequired(trail: Trail | undefined): Required {
  return trail === undefined ? NOT_REQUIRED : requiredBy(trail)
}

function requiredBy(trail: Trail): Required {
  function decision<Args extends readonly unknown[], Result>(
    take: (...args: Args) => Result | Promise<Result>,
    refuse: () => Result,
  ): (...args: Args) => Result | Promise<Result> {
    function whenWritten(result: Result): Result | Promise<Result> {
      const written = trail.written()
      return written === undefined ? result : written.then((isWritten) => (isWritten ? result : refuse()))
    }
    return (...args) => {
      if (trail.isAway()) return refuse()
      const before = trail.noted()
      const result = take(...args)
      if (result instanceof Promise)
        return result.then(whenWritten, async (cause) => {
          await trail.written()
          throw cause
        })
      // What others have told need not hold up this one.
      return trail.noted() === before ? result : whenWritten(result)
    }
  }
  return {
    isOn: true,
    decision,
    step(take, refuse) {
      const decide = decision(take, refuse)
      return async (...args) => decide(...args)
    },
  }
}
