/** Runs a step as soon as it is its turn. Those that are urgent come before all others. */
export type InTurn = <T>(step: () => Promise<T>, urgency?: 'urgent') => Promise<T>

/** Lets so many steps be under way at once. The others wait: of the urgent ones and of the rest, the first comes first. */
export function createTurns(atOnce: number): InTurn {
  const urgent: (() => void)[] = []
  const others: (() => void)[] = []
  let underWay = 0
  return async (step, urgency) => {
    const waiting = urgency === 'urgent' ? urgent : others
    if (underWay >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else underWay++
    try {
      return await step()
    } finally {
      const next = urgent.shift() ?? others.shift()
      if (next === undefined) underWay--
      else next()
    }
  }
}

/** Does nothing for a while, so that other work of this process and of its machine goes on. */
export function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}

/** Lets everything else that waits on the event loop have its turn first. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
