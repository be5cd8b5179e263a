import type { IncomingMessage, ServerResponse } from 'node:http'
import type { NextFunction, Request, Response } from 'express'
import { createSecurityHeaders } from './headers.ts'
import type { SecurityHeadersOptions } from './options.ts'

declare global {
  namespace Express {
    interface Locals {
      /** For the attribute `nonce` of scripts and styles, behind `securityHeaders`. */
      cspNonce?: string
    }
  }
}

/** A middleware for routes with any parameters and body. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: NextFunction) => unknown

/**
 * Security headers for Express 5. Put it first: an answer of a middleware before it has none.
 *
 * The nonce of an answer is `res.locals.cspNonce`. Throws a `ConfigError` that names the wrong option.
 *
 * @example
 * ```ts
 * import { securityHeaders } from '@sallyport/headers/express'
 * import express from 'express'
 *
 * const app = express()
 * app.use(securityHeaders())
 * app.get('/', (_req, res) => {
 *   res.send(`<script nonce="${res.locals.cspNonce}">start()</script>`)
 * })
 * ```
 */
export function securityHeaders(options?: SecurityHeadersOptions): Middleware {
  const headers = createSecurityHeaders(options)
  return (request, response, next) => {
    const [req, res] = [request as Request, response as Response]
    res.locals.cspNonce = headers.protect({ request: req, response: res, secure: req.secure })
    const report = headers.takeReport(req, req.originalUrl)
    if (report === undefined) return next()
    return report.then((answer) => res.status(answer.status).set(answer.headers).end())
  }
}
