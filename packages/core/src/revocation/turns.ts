/** Runs a step as soon as it is its turn. */
export type InTurn = <T>(step: () => Promise<T>) => Promise<T>

/** Lets so many steps be under way at once. The others wait, first come, first served. */
export function createTurns(atOnce: number): InTurn {
  const waiting: (() => void)[] = []
  let underWay = 0
  return async (step) => {
    if (underWay >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else underWay++
    try {
      return await step()
    } finally {
      const next = waiting.shift()
      if (next === undefined) underWay--
      else next()
    }
  }
}

/** Lets everything else that waits on the event loop have its turn first. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
