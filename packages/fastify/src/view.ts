import type { Answer, Auth, BodySource, HeaderFields, RequestView } from '@sallyport/core'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A request with its verified caller, whether or not `@sallyport/fastify/augment` is in use. */
export type RequestWithAuth = FastifyRequest & { auth: Auth | null }

/** Reads a Fastify request; what costs something is computed only when it is asked for. */
export class FastifyView implements RequestView {
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.#request = request
  }
  get method(): string {
    return this.#request.method
  }
  get target(): string {
    return this.#request.originalUrl
  }
  get headers(): HeaderFields {
    return this.#request.headers
  }
  get rawHeaders(): readonly string[] {
    return this.#request.raw.rawHeaders
  }
  get ip(): string | undefined {
    return this.#request.ip
  }
  get secure(): boolean {
    return this.#request.protocol === 'https'
  }
  get body(): BodySource {
    const parsed = this.#request.body
    return parsed === undefined
      ? { kind: 'stream', stream: this.#request.raw }
      : { kind: 'parsed', value: parsed }
  }
  get params(): Readonly<Record<string, string>> {
    return this.#request.params as Record<string, string>
  }
}

/** Sends an answer as it is. */
export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status).headers(answer.headers)
  for (const cookie of answer.cookies) reply.header('Set-Cookie', cookie)
  return reply.send(answer.body)
}
