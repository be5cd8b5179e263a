import { deviceSignals } from '@sallyport/client/device-signals'
import { afterEach, expect, test, vi } from 'vitest'

afterEach(() => vi.unstubAllGlobals())

const TIMEZONE = `timezone="${Intl.DateTimeFormat().resolvedOptions().timeZone}"`
const FULL = { width: 1920, height: 1080 }

test.each([
  ['a page', FULL, ['de-DE', 'en'], `screen="1920x1080", ${TIMEZONE}, languages="de-DE,en"`],
  ['a phone', { width: 390, height: 844 }, ['en'], `screen="844x390", ${TIMEZONE}, languages="en"`],
  ['a service worker', undefined, ['en'], `${TIMEZONE}, languages="en"`],
  ['a page without a screen', { width: 0, height: 0 }, ['en'], `${TIMEZONE}, languages="en"`],
  ['a browser without languages', FULL, [], `screen="1920x1080", ${TIMEZONE}`],
  ['what knows no languages', FULL, undefined, `screen="1920x1080", ${TIMEZONE}`],
  ['languages that no header can carry', FULL, ['de"', 'ü'], `screen="1920x1080", ${TIMEZONE}`],
  ['more languages than servers take', FULL, Array(60).fill('en'), `screen="1920x1080", ${TIMEZONE}`],
])('%s', (_name, screen, languages, expected) => {
  vi.stubGlobal('screen', screen)
  vi.stubGlobal('navigator', { languages })
  expect(deviceSignals()).toBe(expected)
})
