/** What a string of structured fields holds as it is (RFC 9651, section 3.3.3), if it is no longer than servers take. */
const PLAIN = /^[ !#-[\]-~]{1,128}$/

/**
 * What this device is like, as the header `Device-Signals` says it (RFC 9651, section 3.2): its screen, time zone and languages. What
 * can't be known here is left out, such as the screen in a service worker.
 *
 * ```ts
 * import { createClient } from '@sallyport/client'
 * import { deviceSignals } from '@sallyport/client/device-signals'
 *
 * const client = createClient({ deviceSignals })
 * ```
 */
export function deviceSignals(): string {
  const { width = 0, height = 0 } = globalThis.screen ?? {}
  const signals = {
    // The longer side first, since phones are turned. Without devicePixelRatio, which changes as the user zooms.
    screen: width > 0 ? `${Math.max(width, height)}x${Math.min(width, height)}` : '',
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? '',
    languages: globalThis.navigator?.languages?.join(',') ?? '',
  }
  return Object.entries(signals)
    .filter(([, value]) => PLAIN.test(value))
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')
}
