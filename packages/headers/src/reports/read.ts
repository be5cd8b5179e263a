import { printable } from '@sallyport/core/sink'

/** What a browser found against the policy. All of it is the word of whoever sent it. */
export interface CspReport {
  /** The page, without query and fragment. */
  readonly documentUrl: string
  /** What was in the way of the policy, such as `script-src-elem`. */
  readonly directive: string
  /** What was blocked: a URL without query and fragment, a scheme such as `data`, or a word such as `inline` or `eval`. */
  readonly blocked: string
  /** Whether it was prevented, or only reported. */
  readonly disposition: 'enforce' | 'report'
  /** Where in the code, if it is known. */
  readonly source: CspSource | undefined
  /** The beginning of what was blocked, if the browser says it. */
  readonly sample: string | undefined
  /** The status of the page. */
  readonly status: number | undefined
  /** How many reports before this one were dropped, for there were too many. */
  readonly dropped: number
}

export interface CspSource {
  /** Without query and fragment. */
  readonly url: string
  readonly line: number | undefined
  readonly column: number | undefined
}

/** A report, before it is known how many were dropped. */
export type ReadReport = Omit<CspReport, 'dropped'>

type Members = Readonly<Record<string, unknown>>

const MAX_URL_CHARS = 512
const MAX_SAMPLE_CHARS = 100
const MAX_NUMBER = 10_000_000

/** The report in the body of `application/csp-report`. */
export function fromReportUri(body: unknown): ReadReport | undefined {
  const report = isObject(body) ? body['csp-report'] : undefined
  if (!isObject(report)) return undefined
  return read({
    documentURL: report['document-uri'],
    effectiveDirective: report['effective-directive'] ?? report['violated-directive'],
    blockedURL: report['blocked-uri'],
    disposition: report.disposition,
    sourceFile: report['source-file'],
    lineNumber: report['line-number'],
    columnNumber: report['column-number'],
    sample: report['script-sample'],
    statusCode: report['status-code'],
  })
}

/** An entry of `application/reports+json`, which may be a report of another type. */
export function fromReportingApi(entry: unknown): ReadReport | undefined {
  if (!isObject(entry) || entry.type !== 'csp-violation' || !isObject(entry.body)) return undefined
  return read(entry.body)
}

/** The names are those of the Reporting API. */
function read(members: Members): ReadReport | undefined {
  const { disposition, effectiveDirective, lineNumber, columnNumber, sample } = members
  const documentUrl = place(members.documentURL)
  const [directive = ''] = typeof effectiveDirective === 'string' ? effectiveDirective.split(' ', 1) : []
  if (documentUrl === undefined || !/^[a-z-]{1,40}$/.test(directive)) return undefined
  const url = place(members.sourceFile)
  return {
    documentUrl,
    directive,
    blocked: place(members.blockedURL) ?? '',
    disposition: disposition === 'report' ? 'report' : 'enforce',
    source: url === undefined ? undefined : { url, line: count(lineNumber), column: count(columnNumber) },
    sample: typeof sample === 'string' && sample !== '' ? printable(sample, MAX_SAMPLE_CHARS) : undefined,
    status: count(members.statusCode),
  }
}

/** Queries and fragments carry tokens, and a URL of another scheme, such as `data:`, may be the content itself. */
function place(given: unknown): string | undefined {
  if (typeof given !== 'string' || given === '') return undefined
  if (/^[a-z-]{1,40}$/.test(given)) return given
  const url = urlIn(given)
  if (url === undefined) return undefined
  const { protocol, origin, pathname } = url
  return /^(https?|wss?):$/.test(protocol)
    ? printable(origin + pathname, MAX_URL_CHARS)
    : printable(protocol.slice(0, -1), MAX_URL_CHARS)
}

/** `URL.canParse` can't be asked: once it is optimised, Node.js 20 reads Latin-1 in it as UTF-8, and `new URL` throws after all. */
function urlIn(given: string): URL | undefined {
  try {
    return new URL(given)
  } catch {
    return undefined
  }
}

function count(given: unknown): number | undefined {
  return Number.isInteger(given) && Number(given) >= 0 && Number(given) <= MAX_NUMBER
    ? Number(given)
    : undefined
}

function isObject(given: unknown): given is Members {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}
