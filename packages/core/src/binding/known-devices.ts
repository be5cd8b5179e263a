import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Random } from '../ports/clock.ts'

/**
 * Recognises a device that signed in to an account before, by a mark that only a sign-in gives it. Strangers cannot make
 * one, so their failures need not lock the device out. A device keeps its marks, one for each account, as one string.
 *
 * @see [Device cookies](https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies)
 */
export interface KnownDevices {
  /** The id of the device, if it signed in to this account before. */
  find(marks: string | undefined, account: string): string | undefined
  /** The marks of a device that has signed in to this account. It stays known to its latest other accounts. */
  remember(marks: string | undefined, account: string): string
}

const ID_BYTES = 12
const MAC_BYTES = 16
const MARK = new RegExp(`^[A-Za-z0-9_-]{${Math.ceil(((ID_BYTES + MAC_BYTES) * 4) / 3)}}$`)
/** A device that is shared by more people is known to the latest of them. */
const MAX_ACCOUNTS = 5
const SEPARATOR = '.'

/** @param keys the current one first; it makes marks, and all of them recognise them */
export function createKnownDevices(
  keys: readonly [Uint8Array, ...Uint8Array[]],
  random: Random,
): KnownDevices {
  const [current] = keys

  /** The id in a mark, if it is of this account. */
  function read(mark: string, account: string): Buffer | undefined {
    const bytes = Buffer.from(mark, 'base64url')
    const id = bytes.subarray(0, ID_BYTES)
    const mac = bytes.subarray(ID_BYTES)
    return keys.some((key) => timingSafeEqual(macOf(key, id, account), mac)) ? id : undefined
  }

  return {
    find(marks, account) {
      for (const mark of marksOf(marks)) {
        const id = read(mark, account)
        if (id !== undefined) return id.toString('base64url')
      }
      return undefined
    },
    remember(marks, account) {
      let known: Uint8Array | undefined
      const others: string[] = []
      for (const mark of marksOf(marks)) {
        const id = read(mark, account)
        if (id === undefined) others.push(mark)
        else known ??= id
      }
      const id = known ?? random(ID_BYTES)
      const mark = Buffer.concat([id, macOf(current, id, account)]).toString('base64url')
      return [mark, ...others].slice(0, MAX_ACCOUNTS).join(SEPARATOR)
    },
  }
}

function marksOf(marks: string | undefined): readonly string[] {
  return (marks?.split(SEPARATOR, MAX_ACCOUNTS) ?? []).filter((mark) => MARK.test(mark))
}

function macOf(key: Uint8Array, id: Uint8Array, account: string): Buffer {
  return createHmac('sha256', key).update(id).update(account, 'utf8').digest().subarray(0, MAC_BYTES)
}
