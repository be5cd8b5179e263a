import type { SharedWords } from '../words/en/shared.ts'

/** The name of a device, in the reader's language. The server says "Firefox on Linux". */
export function deviceName(device: string | null, words: SharedWords): string {
  if (device === null || device === 'Unknown device') return words.unknownDevice
  const [browser, system] = device.split(/ on (?=\S+(?: \S+)?$)/)
  return browser === undefined || system === undefined ? device : words.deviceOn(browser, system)
}
