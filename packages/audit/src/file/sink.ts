import type { AuditSink } from '@sallyport/core/sink'
import { type Chain, createChain, type Position } from '../chain/chain.ts'
import type { TrailKeys } from '../chain/keys.ts'
import { makeHead } from '../chain/marks.ts'
import { START } from '../chain/record.ts'
import { AuditError } from '../errors.ts'
import type { Format } from '../formats/format.ts'
import { createOutbox } from '../outbox.ts'
import { namesOf } from './names.ts'
import { type Rotation, segmentedPlace, sharedPlace } from './places.ts'
import { replaceFile } from './replace.ts'
import { removeExpired } from './retention.ts'

export interface FileSettings {
  readonly path: string
  readonly keys: TrailKeys
  readonly format: Format
  /** `undefined`: all processes append to the path itself. */
  readonly rotation: Rotation | undefined
  /** How long a record is kept; `undefined`: for ever. */
  readonly retentionMs: number | undefined
  readonly sync: boolean
}

/** A record on its way. The bytes take less space than the strings that a line is put together of. */
interface Waiting {
  readonly at: Position
  readonly bytes: Buffer
}

export function createFileSink(settings: FileSettings): AuditSink {
  const { path, keys, format, rotation, retentionMs, sync } = settings
  const names = namesOf(path)
  const place = rotation === undefined ? sharedPlace(names, sync) : segmentedPlace(names, rotation, sync)
  let chain: Chain | undefined
  /** The last record that was kept. */
  let kept: Position | undefined
  let isHeadWritten = false
  let lastCleared = ''

  const outbox = createOutbox<Waiting>(
    (event) => {
      chain ??= createChain(keys.record, event.time)
      const { processId, number, mac, time, line } = chain.next(format.gapped(event), event.time)
      return { at: { processId, number, mac, time }, bytes: Buffer.from(line) }
    },
    async (waiting) => {
      const { processId } = chain ?? {}
      if (processId === undefined) return
      try {
        await deliver(processId, waiting)
      } catch (cause) {
        throw failureAt(path, cause)
      }
    },
  )

  async function deliver(processId: string, waiting: Waiting[]): Promise<void> {
    await place.settle()
    // A head comes before the first record, so that a trail without one has lost it. Later it comes after the records:
    // a crash leaves a trail that is ahead of its head, and only somebody who cuts a trail leaves one that is behind.
    if (!isHeadWritten) await writeHead(processId, false)
    const [first] = waiting
    if (first !== undefined) await append(first.at, waiting)
    if (!isHeadWritten) await writeHead(processId, false)
    await clear()
  }

  async function append(first: Position, waiting: Waiting[]): Promise<void> {
    const lines = waiting.map(({ bytes }) => bytes)
    const bytes = lines.reduce((sum, { length }) => sum + length, 0)
    const { file, path: at } = await place.fileFor(first, bytes)
    const appended = await file.append(lines)
    const last = waiting.splice(0, appended.kept).at(-1)
    if (last !== undefined) {
      kept = last.at
      isHeadWritten = false
    }
    if (appended.failure !== undefined) throw failureAt(at, appended.failure)
  }

  async function writeHead(processId: string, sealed: boolean): Promise<void> {
    const { number = 0, mac: last = START, time = '' } = kept ?? {}
    const head = makeHead(keys.head, { processId, number, chain: last, time, sealed })
    await replaceFile(names.head(processId), `${JSON.stringify(head)}\n`, { sync })
    isHeadWritten = true
  }

  /** At the start, with each new segment, and once a day. A failure is told once, and not tried again at once. */
  async function clear(): Promise<void> {
    if (retentionMs === undefined || kept === undefined) return
    const due = `${place.begun} ${kept.time.slice(0, 'YYYY-MM-DD'.length)}`
    if (due === lastCleared) return
    lastCleared = due
    const now = { events: Date.parse(kept.time), justWritten: names.head(kept.processId) }
    await removeExpired({ names, keys, ms: retentionMs, sync }, now)
  }

  /** Whoever writes to a sink that another one has closed begins a trail of its own: the old one is sealed. */
  function beginAgain(): void {
    chain = undefined
    kept = undefined
    isHeadWritten = false
  }

  return {
    name: 'file',
    write: (events) => outbox.write(events),
    close: () =>
      outbox.close(async (flush) => {
        const { processId } = chain ?? {}
        if (processId === undefined) return
        try {
          await flush()
        } finally {
          await place.close()
        }
        await writeHead(processId, true)
        beginAgain()
      }),
  }
}

function failureAt(path: string, cause: unknown): AuditError {
  if (cause instanceof AuditError) return cause
  const says = cause instanceof Error ? cause.message : String(cause)
  return new AuditError(`the audit trail ${path} can't be written: ${says}`, { cause })
}
