/** How long a service that comes back may wait for what it has missed. */
export const SOON_MS = 1500
const FIRST_MS = 500
/** For so long it is tried again soon. */
const HOPEFUL_MS = 15 * 60_000
const LATE_MS = 60_000
/** After a single failure, the fault may be with that message alone. */
const SECOND_OPINION_MS = 100

/**
 * How long to wait before the next attempt.
 *
 * @param failures how many attempts have failed in a row; at least 1
 * @param downMs for how long they have
 */
export function backOff(failures: number, downMs: number): number {
  const most = downMs < HOPEFUL_MS ? SOON_MS : Math.min(LATE_MS, downMs / 30)
  return Math.min(most, FIRST_MS * 2 ** Math.min(failures - 1, 16))
}

/** How long a receiver is left alone after failures in a row, whichever messages they concerned. */
export function pauseAfter(failures: number, downMs: number): number {
  return failures === 1 ? SECOND_OPINION_MS : backOff(failures - 1, downMs)
}

/** How long to wait before asking again for the right to send that another process has. Altogether longer than it lasts. */
export const PAUSES_MS: readonly number[] = [50, 100, 200, 400, 800, 1000, 1000, 1000, 1000, 1000]

/** A wait that can be cut short. It keeps no process alive. */
export interface Pause {
  wait(milliseconds: number): Promise<void>
  end(): void
}

export function createPause(): Pause {
  let end = (): void => {}
  return {
    wait: (milliseconds) =>
      new Promise((resolve) => {
        const timer = setTimeout(go, milliseconds).unref()
        end = go
        function go(): void {
          clearTimeout(timer)
          end = () => {}
          resolve()
        }
      }),
    end: () => end(),
  }
}
