import { type Answer, type Auth, type NodeRequest, NodeView, type RequestView } from '@sallyport/core/adapter'
import type { FastifyRequest } from 'fastify'

/** A request of any server, with any logger and schemas. */
export type AnyRequest = Pick<
  FastifyRequest,
  'originalUrl' | 'ip' | 'host' | 'protocol' | 'body' | 'params'
> & {
  readonly raw: NodeRequest
  auth?: Auth | null
}
/** The reply to such a request. */
export interface AnyReply {
  readonly raw: { readonly headersSent: boolean }
  code(status: number): AnyReply
  headers(fields: Record<string, string>): AnyReply
  header(name: string, value: string): AnyReply
  send(body?: unknown): AnyReply
}

class FastifyView extends NodeView<AnyRequest> {
  get secure(): boolean {
    return this.request.protocol === 'https'
  }
  protected get raw(): NodeRequest {
    return this.request.raw
  }
  protected get parsed(): unknown {
    return this.request.body
  }
}

export const read = (request: AnyRequest): RequestView => new FastifyView(request)

/** Sends an answer unchanged. */
export function send(reply: AnyReply, { status, headers, cookies, body }: Answer): AnyReply {
  setCookies(reply, cookies)
  return reply
    .code(status)
    .headers({ ...headers })
    .send(body)
}

/** Appends complete `Set-Cookie` values to a response. */
export function setCookies(reply: AnyReply, cookies: readonly string[]): void {
  for (const cookie of cookies) reply.header('Set-Cookie', cookie)
}
