/** Waits, without keeping the process alive. */
export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref()
  })

/** Takes a step until it gives something that will do, or the time is over. Resolves to what it gave last. */
export async function until<T>(
  step: () => Promise<T>,
  willDo: (given: T) => boolean,
  milliseconds: number,
): Promise<T> {
  const end = performance.now() + milliseconds
  for (;;) {
    const given = await step()
    if (willDo(given) || performance.now() >= end) return given
    await pause(20)
  }
}
