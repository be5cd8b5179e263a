import { type AuditSink, type SallyportEvent, schema } from '@sallyport/core/sink'
import { writable } from '../formats/format.ts'
import { meaningOf } from '../formats/meanings.ts'
import { renamed } from '../formats/members.ts'

/** What is used of a `Logger` of `@opentelemetry/api-logs`. */
export interface OpenTelemetryLogger {
  emit(record: OpenTelemetryRecord): void
}

/** An event as a log record. */
export interface OpenTelemetryRecord {
  /** `sallyport.` and the name of the event. */
  readonly eventName: string
  readonly timestamp: Date
  /** INFO or WARN. */
  readonly severityNumber: 9 | 13
  readonly severityText: 'INFO' | 'WARN'
  readonly body: string
  readonly attributes: Readonly<Record<string, string | number | boolean>>
}

/**
 * Names of members in the semantic conventions; the first two are stable:
 * https://opentelemetry.io/docs/specs/semconv/registry/attributes/
 */
const NAMES = {
  ip: 'client.address',
  user_agent: 'user_agent.original',
  sid: 'session.id',
  sub: 'user.id',
}

const { callable, parse } = schema
const openTelemetryLogger = callable<OpenTelemetryLogger>('a logger of the OpenTelemetry API', 'emit')

/**
 * Hands events to a logger of OpenTelemetry: failures as WARN, all else as INFO. Attributes have the names of the
 * semantic conventions where there are any, and else `sallyport.` and their own.
 *
 * Events are as safe as your OpenTelemetry SDK keeps them: it says of no record whether it was kept. Throws a
 * `ConfigError` if what is given is no logger.
 *
 * @param logger such as `logs.getLogger('sallyport')`
 */
export function toOpenTelemetry(logger: OpenTelemetryLogger): AuditSink {
  const target = parse(openTelemetryLogger, logger, { path: 'toOpenTelemetry.logger' })
  return {
    name: 'opentelemetry',
    async write(events) {
      for (const event of events) target.emit(recordOf(event))
    },
  }
}

function recordOf(event: SallyportEvent): OpenTelemetryRecord {
  const { time, event: name, ...members } = writable(event)
  const severity =
    event.outcome === 'failure'
      ? ({ severityNumber: 13, severityText: 'WARN' } as const)
      : ({ severityNumber: 9, severityText: 'INFO' } as const)
  return {
    eventName: `sallyport.${name}`,
    timestamp: new Date(time),
    ...severity,
    body: meaningOf(event).title,
    attributes: renamed(members, NAMES),
  }
}
