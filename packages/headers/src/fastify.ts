import { ConfigError } from '@sallyport/core/sink'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { createSecurityHeaders } from './headers.ts'
import type { SecurityHeadersOptions } from './options.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** For the attribute `nonce`, behind `securityHeaders`. Both are the same. The type is that of `@fastify/helmet`. */
    cspNonce: { script: string; style: string }
  }
}

/**
 * Security headers for Fastify 5: a plugin for all routes of a scope. Register it first.
 *
 * The nonce of an answer is `reply.cspNonce.script`. Throws a `ConfigError` that names the wrong option.
 *
 * @example
 * ```ts
 * import { securityHeaders } from '@sallyport/headers/fastify'
 * import fastify from 'fastify'
 *
 * const app = fastify()
 * app.register(securityHeaders())
 * app.get('/', (_request, reply) => {
 *   reply.type('text/html').send(`<script nonce="${reply.cspNonce.script}">start()</script>`)
 * })
 * ```
 */
export function securityHeaders(options?: SecurityHeadersOptions): FastifyPluginAsync {
  const headers = createSecurityHeaders(options)
  const plugin: FastifyPluginAsync = async (fastify) => {
    if (!fastify.hasReplyDecorator('cspNonce')) fastify.decorateReply('cspNonce')
    fastify.addHook('onRequest', (request, reply, proceed) => {
      const secure = request.protocol === 'https'
      const nonce = headers.protect({ request: request.raw, response: reply.raw, secure })
      reply.cspNonce = { script: nonce, style: nonce }
      const report = headers.takeReport(request.raw, request.originalUrl)
      if (report === undefined) return proceed()
      void report.then((answer) =>
        reply
          .code(answer.status)
          .headers({ ...answer.headers })
          .send(),
      )
    })
    if (headers.reportPath !== undefined) addRoute(fastify, headers.reportPath)
  }
  return fp(plugin, { name: '@sallyport/headers', fastify: '5.x' })
}

/** The hook answers, before those of other plugins; but hooks of a scope run for its routes only. */
function addRoute(fastify: FastifyInstance, path: string): void {
  if (!path.startsWith(`${fastify.prefix}/`))
    throw new ConfigError('securityHeaders.reports.path', {
      sentence: `"securityHeaders.reports.path" must begin with "${fastify.prefix}/", where the plugin is registered`,
    })
  // API documents leave the route out: their plugin types `hide`.
  const hidden = { schema: { hide: true } as object }
  fastify.post(path.slice(fastify.prefix.length), hidden, async () => undefined)
}
