import type { AuditSink, SallyportEvent } from '@sallyport/core/sink'
import { type Chain, createChain } from '../chain/chain.ts'
import { AuditError } from '../errors.ts'
import { parseStreamOptions, type StreamOptions, type StreamSettings } from '../options.ts'
import { createOutbox } from '../outbox.ts'

/** What is used of a writable stream of Node.js, such as `process.stdout`. */
export interface AuditWritable {
  write(text: string, callback: (error?: Error | null) => void): boolean
  on(event: 'error', listener: (error: Error) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
}

/**
 * Writes events to a stream, one a line, such as standard output. Waits until the stream has taken each batch. With a
 * `key`, each line is bound to the one before by a MAC; a stream has no heads, so that a missing end is not found.
 *
 * Does not end the stream. Until the sink is closed, errors of the stream reject the write, and end no process; nor does
 * the error of a failed write that the stream emits later. Throws a `ConfigError` for a wrong option.
 */
export function toStream(stream: AuditWritable, options: StreamOptions = {}): AuditSink {
  const lineOf = lines(parseStreamOptions(stream, options))
  // The callback of the write has the same error.
  const ignore = (): void => {}
  let hasFailed = false
  stream.on('error', ignore)
  const outbox = createOutbox<string>(lineOf, async (waiting) => {
    if (waiting.length === 0) return
    hasFailed = true
    await write(stream, waiting.join(''))
    hasFailed = false
    waiting.length = 0
  })
  return {
    name: 'stream',
    write: (events) => outbox.write(events),
    close: () =>
      outbox.close(async () => {
        // A stream may take its time to emit the error of a write: it first closes its file.
        if (!hasFailed) stream.off('error', ignore)
      }),
  }
}

function lines({ format, keys }: StreamSettings): (event: SallyportEvent) => string {
  if (keys === undefined) return (event) => `${format.line(event)}\n`
  let chain: Chain | undefined
  return (event) => {
    chain ??= createChain(keys.record, event.time)
    return chain.next(format.gapped(event), event.time).line
  }
}

function write(stream: AuditWritable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (!error) resolve()
      else reject(new AuditError(`the stream of the audit trail failed: ${error.message}`, { cause: error }))
    })
  })
}
