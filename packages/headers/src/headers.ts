import { randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { type Fields, fieldsOver } from './fields.ts'
import { parseOptions, type SecurityHeadersOptions } from './options.ts'
import { type ReportAnswer, reportEndpoint } from './reports/endpoint.ts'

const NONCE_BYTES = 18

/** A request and the answer to it. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Whether the client is known to use TLS, here or at a trusted proxy. */
  readonly secure: boolean
}

/** The header fields of one answer. */
export interface AnswerHeaders {
  /** For the attribute `nonce` of scripts and styles. Never the same again. */
  readonly nonce: string
  readonly fields: Fields
  /** Whether caches must not keep the answer, unless it says so itself: the request is that of somebody. */
  readonly noStore: boolean
}

/** Security headers, for any framework on `node:http`. */
export interface SecurityHeaders {
  /** The fields of one answer, for whoever sets them. */
  fieldsFor(request: { readonly headers: IncomingHttpHeaders; readonly secure: boolean }): AnswerHeaders
  /**
   * Sets the fields of an answer, and returns the nonce. What a handler sets itself takes
   * precedence. A field that is missing when the head is written is set again, since frameworks clear all fields of an
   * answer that becomes an error.
   */
  protect(exchange: Exchange): string
  /**
   * Takes a report of a browser. `undefined` for a request that is not one; its body is untouched then. Never rejects.
   *
   * @param target path and query as received
   */
  takeReport(request: IncomingMessage, target: string): Promise<ReportAnswer> | undefined
  /** The path of the endpoint for reports, if there is one. */
  readonly reportPath: string | undefined
}

/**
 * Creates security headers for a server of your own. For Express, Koa and Fastify, call `securityHeaders` of
 * `@sallyport/headers/express`, `/koa` and `/fastify` instead.
 *
 * Throws a `ConfigError` that names the wrong option.
 */
export function createSecurityHeaders(options: SecurityHeadersOptions = {}): SecurityHeaders {
  const settings = parseOptions(options)
  const [overTls, overPlain] = [fieldsOver('tls', settings), fieldsOver('plain', settings)]
  const endpoint = settings.reports && reportEndpoint(settings.reports)

  const fieldsFor: SecurityHeaders['fieldsFor'] = ({ headers, secure }) => {
    const nonce = randomBytes(NONCE_BYTES).toString('base64')
    return {
      nonce,
      fields: secure ? overTls(nonce) : overPlain(nonce),
      noStore: headers.authorization !== undefined || hasCookie(headers.cookie, settings.sessionCookies),
    }
  }

  return {
    fieldsFor,
    protect({ request, response, secure }) {
      const { nonce, fields, noStore } = fieldsFor({ headers: request.headers, secure })
      for (const [name, value] of fields) response.setHeader(name, value)
      beforeHead(response, () => {
        for (const [name, value] of fields) setIfMissing(response, name, value)
        if (noStore) setIfMissing(response, 'Cache-Control', 'no-store')
        response.removeHeader('X-Powered-By')
      })
      return nonce
    },
    takeReport: (request, target) => endpoint?.(request, target),
    reportPath: settings.reports?.path,
  }
}

/** Every way to begin an answer comes through `writeHead`, whose arguments take precedence over what is set here. */
function beforeHead(response: ServerResponse, act: () => void): void {
  const { writeHead } = response
  response.writeHead = (...head: unknown[]): ServerResponse => {
    if (!response.headersSent) act()
    return Reflect.apply(writeHead, response, head)
  }
}

function setIfMissing(response: ServerResponse, name: string, value: string): void {
  if (!response.hasHeader(name)) response.setHeader(name, value)
}

function hasCookie(header: string | undefined, names: ReadonlySet<string>): boolean {
  return header?.split(';').some((pair) => names.has(pair.split('=', 1)[0]?.trim() ?? '')) ?? false
}
