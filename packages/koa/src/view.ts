import type { Answer, BodySource, HeaderFields, RequestView } from '@sallyport/core'
import type { Context } from 'koa'

/** What a body parser and a router add to a context, where they are in use. */
interface Extras {
  readonly request: { readonly body?: unknown }
  readonly params?: Readonly<Record<string, string>>
}

/** Reads a Koa context; what costs something is computed only when it is asked for. */
export class KoaView implements RequestView {
  readonly #ctx: Context & Extras

  constructor(ctx: Context) {
    this.#ctx = ctx
  }
  get method(): string {
    return this.#ctx.method
  }
  get target(): string {
    return this.#ctx.originalUrl
  }
  get headers(): HeaderFields {
    return this.#ctx.headers
  }
  get rawHeaders(): readonly string[] {
    return this.#ctx.req.rawHeaders
  }
  get ip(): string | undefined {
    return this.#ctx.ip
  }
  get secure(): boolean {
    return this.#ctx.secure
  }
  get body(): BodySource {
    const parsed = this.#ctx.request.body
    return parsed === undefined
      ? { kind: 'stream', stream: this.#ctx.req }
      : { kind: 'parsed', value: parsed }
  }
  get params(): Readonly<Record<string, string>> {
    return this.#ctx.params ?? {}
  }
}

/** Sends an answer as it is. */
export function send(ctx: Context, answer: Answer): void {
  // Setting the body chooses a status and a type; both are ours to say.
  ctx.body = answer.body ?? null
  ctx.status = answer.status
  ctx.set({ ...answer.headers })
  for (const cookie of answer.cookies) ctx.append('Set-Cookie', cookie)
}
