import { ConfigError, describeValue } from '@sallyport/core/signer'
import { type Cryptoki, type Handle, numberOf } from './binding.ts'
import * as ck from './constants.ts'
import { returnedBy } from './errors.ts'
import type { TokenSettings } from './options.ts'

/** Finds the slot that the options name. Throws a `ConfigError` if there is no such token, or more than one. */
export function findSlot(cryptoki: Cryptoki, { token, slot }: TokenSettings): Handle {
  const slots = cryptoki.C_GetSlotList(true)
  const found = slots.filter((one) =>
    slot === undefined ? labelOf(cryptoki, one) === token : numberOf(one) === slot,
  )
  const [only, ...more] = found
  if (only !== undefined && more.length === 0) return only
  if (slot !== undefined)
    throw new ConfigError('pkcs11.slot', 'the number of a slot with a token in it', String(slot))
  const owners = found.length === 0 ? 'no token' : `${found.length} tokens`
  throw new ConfigError(
    'pkcs11.token',
    'the label of exactly one token',
    `${describeValue(token)}, the label of ${owners}`,
  )
}

/** A label is padded to 32 bytes, with blanks (as the standard says) or with zero bytes. */
function labelOf(cryptoki: Cryptoki, slot: Handle): string {
  return cryptoki.C_GetTokenInfo(slot).label.replace(/[ \0]+$/, '')
}

/** Gets the PIN from the application. Throws a `ConfigError` if it gives none. */
export async function askPin(ask: TokenSettings['pin']): Promise<string> {
  let pin: unknown
  try {
    pin = await ask()
  } catch {
    throw wrongPin('a function that fails')
  }
  if (typeof pin !== 'string' || pin === '') throw wrongPin('a function that returns none')
  return pin
}

function wrongPin(given: string): ConfigError {
  return new ConfigError('pkcs11.pin', 'a function that returns the PIN', given)
}

/** Opens sessions and logs in once: all sessions of a process with the same token share the log-in. */
export function openSessions(
  cryptoki: Cryptoki,
  slot: Handle,
  pin: string,
  { count, writable }: { readonly count: number; readonly writable: boolean },
): [Handle, ...Handle[]] {
  const flags = ck.CKF_SERIAL_SESSION | (writable ? ck.CKF_RW_SESSION : 0)
  const first = cryptoki.C_OpenSession(slot, flags)
  const sessions: [Handle, ...Handle[]] = [first]
  try {
    logIn(cryptoki, first, pin)
    while (sessions.length < count) sessions.push(cryptoki.C_OpenSession(slot, flags))
    return sessions
  } catch (cause) {
    closeSessions(cryptoki, sessions)
    if (returnedBy(cause) !== 'CKR_SESSION_COUNT') throw cause
    throw new ConfigError('pkcs11.sessions', 'no more than the token allows', String(count))
  }
}

/** The token refused the PIN. It counts that, and locks after some more. */
export class PinRefused extends ConfigError {
  constructor(returned: string) {
    super('pkcs11.pin', {
      sentence: `the token refuses the PIN (${returned}): return the PIN of the token's user from "pkcs11.pin"`,
    })
  }
}

function logIn(cryptoki: Cryptoki, session: Handle, pin: string): void {
  try {
    cryptoki.C_Login(session, ck.CKU_USER, pin)
  } catch (cause) {
    const returned = returnedBy(cause) ?? ''
    if (returned === 'CKR_USER_ALREADY_LOGGED_IN') return
    if (!/^CKR_(USER_)?PIN_/.test(returned)) throw cause
    throw new PinRefused(returned)
  }
}

/** Closes sessions that may be gone already. */
export function closeSessions(cryptoki: Cryptoki, sessions: readonly Handle[]): void {
  for (const session of sessions)
    try {
      cryptoki.C_CloseSession(session)
    } catch (cause) {
      if (returnedBy(cause) === undefined) throw cause
    }
}
