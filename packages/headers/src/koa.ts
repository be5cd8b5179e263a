import type { Context, Middleware } from 'koa'
import { createSecurityHeaders } from './headers.ts'
import type { SecurityHeadersOptions } from './options.ts'

declare module 'koa' {
  interface DefaultState {
    /** For the attribute `nonce` of scripts and styles, behind `securityHeaders`. */
    cspNonce?: string
  }
}

/**
 * Security headers for Koa 3. Put it first: an answer of a middleware before it has none.
 *
 * The nonce of an answer is `ctx.state.cspNonce`. Throws a `ConfigError` that names the wrong option.
 *
 * @example
 * ```ts
 * import { securityHeaders } from '@sallyport/headers/koa'
 * import Koa from 'koa'
 *
 * const app = new Koa()
 * app.use(securityHeaders())
 * app.use((ctx) => {
 *   ctx.type = 'html'
 *   ctx.body = `<script nonce="${ctx.state.cspNonce}">start()</script>`
 * })
 * ```
 */
export function securityHeaders(options?: SecurityHeadersOptions): Middleware {
  const headers = createSecurityHeaders(options)
  return async (ctx: Context, next) => {
    ctx.state.cspNonce = headers.protect({ request: ctx.req, response: ctx.res, secure: ctx.secure })
    const report = headers.takeReport(ctx.req, ctx.originalUrl)
    if (report === undefined) return next()
    const answer = await report
    ctx.body = null
    ctx.status = answer.status
    ctx.set({ ...answer.headers })
  }
}
