const PARTS = 4

/**
 * Calls back once some milliseconds are over in which an answer could have been heard. Returns a function that calls
 * it off.
 *
 * A process that is held up by its own work, or by a busy machine, must not take its own lateness for that of whoever
 * it waits for. So the time is waited for in parts, of which one that ends late counts for no more than its length;
 * and what has arrived meanwhile is taken in before the last one ends.
 */
export function patiently(milliseconds: number, giveUp: () => void): () => void {
  let left = PARTS
  let timer: NodeJS.Timeout
  let last: NodeJS.Immediate | undefined
  function wait(): void {
    timer = setTimeout(next, milliseconds / PARTS)
    timer.unref()
  }
  function next(): void {
    left--
    if (left > 0) wait()
    else last = setImmediate(giveUp)
  }
  wait()
  return () => {
    clearTimeout(timer)
    clearImmediate(last)
  }
}
