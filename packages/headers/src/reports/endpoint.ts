import type { IncomingMessage } from 'node:http'
import getRawBody from 'raw-body'
import type { ReportSettings } from '../options.ts'
import { perMinute } from './rate.ts'
import { type CspReport, fromReportingApi, fromReportUri, type ReadReport } from './read.ts'

/** What a browser is answered that sends a report. There is no body. */
export interface ReportAnswer {
  readonly status: 204 | 400 | 413 | 415
  readonly headers: Readonly<Record<string, string>>
}

const MAX_BODY_BYTES = 16 * 1024
const MAX_REPORTS = 20
const KINDS = ['application/csp-report', 'application/reports+json'] as const

/** Answers a request if it is for the endpoint. Never rejects. */
export function reportEndpoint(
  settings: ReportSettings,
): (request: IncomingMessage, target: string) => Promise<ReportAnswer> | undefined {
  const admit = perMinute(settings.perMinute)
  const tell = (report: ReadReport): void => {
    const admitted = admit()
    if (admitted !== undefined) void warnIfFails(settings.onReport, { ...report, ...admitted })
  }
  return (request, target) => {
    if (request.method !== 'POST' || target.split('?', 1)[0] !== settings.path) return undefined
    return take(request, tell)
  }
}

async function take(request: IncomingMessage, tell: (report: ReadReport) => void): Promise<ReportAnswer> {
  const kind = kindOf(request)
  if (kind === undefined) return answer(415)
  let body: unknown
  try {
    const length = request.headers['content-length'] ?? null
    const bytes = await getRawBody(request, { limit: MAX_BODY_BYTES, length })
    body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (fault) {
    return answer(fault instanceof Error && 'type' in fault && fault.type === 'entity.too.large' ? 413 : 400)
  }
  if (kind === 'application/csp-report') {
    const report = fromReportUri(body)
    if (report === undefined) return answer(400)
    tell(report)
    return answer(204)
  }
  if (!Array.isArray(body)) return answer(400)
  if (body.length > MAX_REPORTS) return answer(413)
  for (const entry of body) {
    const report = fromReportingApi(entry)
    if (report !== undefined) tell(report)
  }
  return answer(204)
}

function kindOf({ headers }: IncomingMessage): (typeof KINDS)[number] | undefined {
  const encoding = headers['content-encoding'] ?? 'identity'
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  return encoding === 'identity' ? KINDS.find((kind) => kind === type) : undefined
}

/** What is left of a body that nobody read would be taken for the next request. */
function answer(status: ReportAnswer['status']): ReportAnswer {
  const headers = { 'Cache-Control': 'no-store' }
  return { status, headers: status === 204 ? headers : { ...headers, Connection: 'close' } }
}

/** The browser can't do anything about a fault of the application, so it is not told of one. */
async function warnIfFails(onReport: ReportSettings['onReport'], report: CspReport): Promise<void> {
  try {
    await onReport(report)
  } catch (fault) {
    process.emitWarning(`onReport failed: ${fault instanceof Error ? fault.message : typeof fault}`, {
      code: 'SALLYPORT_ON_REPORT',
    })
  }
}
