import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Random } from '../ports/clock.ts'

/**
 * Recognises a device that signed in to an account before, by a mark that only a sign-in gives it. Strangers cannot make
 * one, so their failures need not lock the device out. A device keeps its marks, one for each account, as one string.
 *
 * @see [Device cookies](https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies)
 */
export interface KnownDevices {
  /** The id of the device, if it signed in to this account within the last half year. */
  find(marks: string | undefined, account: string, at: number): string | undefined
  /** The marks of a device that has signed in to this account. It stays known to its latest other accounts. */
  remember(marks: string | undefined, account: string, at: number): string
}

/** How long a device stays known after a sign-in. */
export const KNOWN_SECONDS: number = 180 * 86_400

const ID_BYTES = 12
const TIME_BYTES = 4
const SIGNED_BYTES = ID_BYTES + TIME_BYTES
const MAC_BYTES = 16
const MARK = new RegExp(`^[A-Za-z0-9_-]{${Math.ceil(((SIGNED_BYTES + MAC_BYTES) * 4) / 3)}}$`)
/** A shared device stays known to the latest of its users. */
const MAX_ACCOUNTS = 5
const SEPARATOR = '.'

/** @param keys the current one first; it makes marks, and all of them recognise them */
export function createKnownDevices(
  keys: readonly [Uint8Array, ...Uint8Array[]],
  random: Random,
): KnownDevices {
  const [current] = keys

  /** The id and the time of a mark, if it is of this account. */
  function read(mark: string, account: string): Buffer | undefined {
    const bytes = Buffer.from(mark, 'base64url')
    const signed = bytes.subarray(0, SIGNED_BYTES)
    const mac = bytes.subarray(SIGNED_BYTES)
    return keys.some((key) => timingSafeEqual(macOf(key, signed, account), mac)) ? signed : undefined
  }

  return {
    find(marks, account, at) {
      for (const mark of marksOf(marks)) {
        const signed = read(mark, account)
        if (signed !== undefined && at < (signed.readUInt32BE(ID_BYTES) + KNOWN_SECONDS) * 1000)
          return signed.toString('base64url', 0, ID_BYTES)
      }
      return undefined
    },
    remember(marks, account, at) {
      let known: Uint8Array | undefined
      const others: string[] = []
      for (const mark of marksOf(marks)) {
        const signed = read(mark, account)
        if (signed === undefined) others.push(mark)
        else known ??= signed.subarray(0, ID_BYTES)
      }
      const signed = Buffer.alloc(SIGNED_BYTES)
      signed.set(known ?? random(ID_BYTES))
      signed.writeUInt32BE(Math.floor(at / 1000), ID_BYTES)
      const mark = Buffer.concat([signed, macOf(current, signed, account)]).toString('base64url')
      return [mark, ...others].slice(0, MAX_ACCOUNTS).join(SEPARATOR)
    },
  }
}

function marksOf(marks: string | undefined): readonly string[] {
  return (marks?.split(SEPARATOR, MAX_ACCOUNTS) ?? []).filter((mark) => MARK.test(mark))
}

function macOf(key: Uint8Array, signed: Uint8Array, account: string): Buffer {
  return createHmac('sha256', key).update(signed).update(account, 'utf8').digest().subarray(0, MAC_BYTES)
}
