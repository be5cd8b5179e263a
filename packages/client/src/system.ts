const KEY_BYTES = 24

/**
 * Measures time from now on, in milliseconds. The clock of the machine may be set, and that of the page may stand still
 * while the machine sleeps, so the one that says more counts.
 *
 * @param sinceMs how long ago it began
 */
export function stopwatch(sinceMs = 0): () => number {
  const clock = Date.now()
  const page = performance.now()
  return () => sinceMs + Math.max(Date.now() - clock, performance.now() - page)
}

/** How long ago somebody asked for this page, in milliseconds; at least, since the clock of the machine may be set. */
export function pageAgeMs(): number {
  return Math.max(performance.now(), Date.now() - performance.timeOrigin)
}

/** A part of a time, between half and all of it, so that not all who wait come back at once. */
export function scattered(milliseconds: number): number {
  return milliseconds * (0.5 + Math.random() / 2)
}

/** Resolves after some milliseconds, and keeps no process alive. */
export function rest(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    AbortSignal.timeout(Math.ceil(milliseconds)).addEventListener('abort', () => resolve())
  })
}

/** An `Idempotency-Key`. Only secure contexts have `randomUUID`. */
export function newKey(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(KEY_BYTES)))
}

/** In the alphabet of RFC 4648, section 5, with its padding. */
export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

/** Milliseconds since the epoch, by the clock of the machine. */
export function epochMs(): number {
  return Date.now()
}

/** Waits for a step that others wait for as well. Rejects with the reason of a signal once it is aborted. */
export function unlessAborted<T>(signal: AbortSignal, step: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason))
    step.then(resolve, reject)
  })
}
