import type { Unavailable } from '@sallyport/core/store'

/** Redis holds something that this store does not write. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

type Step = (...args: unknown[]) => Promise<unknown>

const UNAVAILABLE: Unavailable = { kind: 'unavailable' }

/**
 * Makes each step of a port count as unavailable where what it read cannot be understood. Somebody else may write to
 * the same Redis, and a value may be damaged; neither may end a process.
 *
 * @param others members that are no steps. They stay as they are, since some are called for every token
 */
export function tolerant<Port extends object>(
  port: Port,
  others: readonly (keyof Port)[],
  tell: (step: string, cause: unknown) => void,
): Port {
  const members = Object.entries(port).map(([name, member]) => [
    name,
    others.includes(name as keyof Port) ? member : around(name, member),
  ])
  // The members are those of the port, and each step takes and gives what it did.
  return Object.fromEntries(members) as Port

  function around(name: string, step: Step): Step {
    return (...args) =>
      step(...args).catch((cause: unknown) => {
        tell(name, cause)
        return UNAVAILABLE
      })
  }
}
