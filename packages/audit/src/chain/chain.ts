import { randomBytes } from 'node:crypto'
import { createRecordMac, elementOf, type Gapped, type RecordName, START } from './record.ts'

/** Where a chain has got to. */
export interface Position extends RecordName {
  readonly mac: string
  /** Of its event. */
  readonly time: string
}

/** A record, as it is written. */
export interface Link extends Position {
  /** With its line break. */
  readonly line: string
}

/** The records of one process, each bound to the one before. */
export interface Chain {
  readonly processId: string
  next(line: Gapped, time: string): Link
}

/** @param time when the first event happened, in ISO 8601 and UTC: names of processes are in the order of their start */
export function createChain(key: Uint8Array, time: string): Chain {
  const processId = `${stampOf(time)}-${randomBytes(6).toString('hex')}`
  const macOf = createRecordMac(key)
  let number = 0
  let previous = START
  return {
    processId,
    next({ before, after }, at) {
      number += 1
      const name = { processId, number }
      previous = macOf(previous, name, { before, after })
      const line = `${before}${elementOf(name, previous)}${after}\n`
      // To put it together by spreading the name would cost as much as the MAC.
      return { processId, number, line, mac: previous, time: at }
    },
  }
}

/** Such as `20261129T195739`. What is no time, and comes from somewhere else than Sallyport, is the oldest one. */
function stampOf(time: string): string {
  const date = new Date(time)
  const known = Number.isNaN(date.getTime()) ? new Date(0) : date
  return known.toISOString().slice(0, 'YYYY-MM-DDTHH:MM:SS'.length).replace(/[-:]/g, '')
}
