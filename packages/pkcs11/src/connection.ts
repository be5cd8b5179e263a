import { ConfigError, describeValue } from '@sallyport/core/signer'
import type { Cryptoki, Handle } from './binding.ts'
import { type FoundKey, findKey } from './key.ts'
import type { Library } from './library.ts'
import { algorithms } from './mechanisms.ts'
import type { SignerSettings } from './options.ts'
import { askPin, closeSessions, findSlot, openSessions } from './token.ts'

/** A log-in with its sessions. A session can do one thing at a time. */
export interface Connection {
  readonly cryptoki: Cryptoki
  readonly sessions: readonly Handle[]
  readonly key: FoundKey
}

/** Logs in and finds the key. Throws a `ConfigError` if the token, the PIN, the algorithm or the key is wrong. */
export async function connect(library: Library, settings: SignerSettings): Promise<Connection> {
  const pin = await askPin(settings.pin)
  const { cryptoki } = library
  library.initialize()
  const slot = findSlot(cryptoki, settings)
  const { mechanism } = algorithms[settings.algorithm].signing
  if (!cryptoki.C_GetMechanismList(slot).includes(mechanism))
    throw new ConfigError(
      'pkcs11.algorithm',
      'an algorithm that the token signs with',
      describeValue(settings.algorithm),
    )
  const sessions = openSessions(cryptoki, slot, pin, { count: settings.sessions, writable: false })
  try {
    return { cryptoki, sessions, key: await findKey(cryptoki, sessions[0], settings) }
  } catch (cause) {
    closeSessions(cryptoki, sessions)
    throw cause
  }
}
