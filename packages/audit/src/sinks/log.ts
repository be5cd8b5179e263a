import { type AuditSink, type SallyportEvent, schema } from '@sallyport/core/sink'
import { meaningOf } from '../formats/meanings.ts'

/** What is used of a logger: pino, or any other that takes an object and a message. */
export interface AuditLogger {
  info(members: { readonly audit: SallyportEvent }, message: string): void
  warn(members: { readonly audit: SallyportEvent }, message: string): void
}

const { callable, parse } = schema
const logger = callable<AuditLogger>('a logger such as pino(), with "info" and "warn"', 'info', 'warn')

/**
 * Writes events to a logger: failures as warnings, all else as information. An event is in the member `audit`, where its
 * `time` is not in the way of the logger's own.
 *
 * Events are as safe as the logger keeps them: it says of no line whether it was kept. Throws a `ConfigError` if what is
 * given is no logger.
 *
 * @param given default: `pino()`, which writes JSON to standard output
 */
export function toLog(given?: AuditLogger): AuditSink {
  let target = given === undefined ? undefined : parse(logger, given, { path: 'toLog.logger' })
  return {
    name: 'log',
    async write(events) {
      target ??= await makeLogger()
      for (const event of events) {
        const { title } = meaningOf(event)
        if (event.outcome === 'failure') target.warn({ audit: event }, title)
        else target.info({ audit: event }, title)
      }
    },
  }
}

async function makeLogger(): Promise<AuditLogger> {
  const { pino } = await import('pino')
  const made: AuditLogger = pino()
  return made
}
