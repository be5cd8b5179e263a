import { createMessageHmac } from '@sallyport/core/sink'

/** An event as a line of the trail, with a gap for the name and the MAC of its record. */
export interface Gapped<Text = string> {
  readonly before: Text
  readonly after: Text
}

/** A record's place in its chain. */
export interface RecordName {
  readonly processId: string
  /** Counts from 1 in each process. */
  readonly number: number
}

/** A line as it was read. */
export interface ReadRecord extends RecordName {
  readonly mac: string
  readonly line: Gapped<Uint8Array>
}

/** The MAC before the first record. */
export const START = ''

export const PROCESS: RegExp = /^\d{8}T\d{6}-[0-9a-f]{12}$/
const ELEMENT = /(\d{8}T\d{6}-[0-9a-f]{12})\.([1-9]\d{0,14})\.([\w-]{43})((?:"\}{1,2})?)$/
/** An element and what may follow it. */
const MAX_ELEMENT_CHARS = 100

/** Gives the MAC of a record, from the MAC of the record before. */
export type RecordMac = <Text extends string | Uint8Array>(
  previous: string,
  name: RecordName,
  line: Gapped<Text>,
) => string

/**
 * HMAC-SHA-256 over the MAC of the record before, the record's name, and the bytes of the line around the gap. None of
 * the fields in front of the bytes can contain a line break, so no two records have the same input.
 */
export function createRecordMac(key: Uint8Array): RecordMac {
  const macOf = createMessageHmac(key)
  return (previous, { processId, number }, { before, after }) => {
    const fields = `${previous}\n${processId}\n${number}\n${Buffer.byteLength(before)}\n`
    // A line that is written is a string, of which no copies need be made.
    const message =
      typeof before === 'string' && typeof after === 'string'
        ? fields + before + after
        : Buffer.concat([Buffer.from(fields), bytesOf(before), bytesOf(after)])
    return Buffer.from(macOf(message), 'latin1').toString('base64url')
  }
}

const bytesOf = (text: string | Uint8Array): Uint8Array =>
  typeof text === 'string' ? Buffer.from(text) : text

/** What goes into the gap of a line. */
export function elementOf({ processId, number }: RecordName, mac: string): string {
  return `${processId}.${number}.${mac}`
}

/** Reads a line, without its line break; `undefined` if it does not end with an element. Checks no MAC. */
export function readRecord(line: Buffer): ReadRecord | undefined {
  const tailAt = Math.max(0, line.length - MAX_ELEMENT_CHARS)
  const found = ELEMENT.exec(line.toString('latin1', tailAt))
  if (found === null) return undefined
  const [, processId = '', number = '', mac = '', after = ''] = found
  return {
    processId,
    number: Number(number),
    mac,
    line: {
      before: line.subarray(0, tailAt + found.index),
      after: line.subarray(line.length - after.length),
    },
  }
}
