import type { Answer, Auth, BodySource, HeaderFields, RequestView } from '@sallyport/core'
import type { Request, Response } from 'express'

/** A request with its verified caller, whether or not `@sallyport/express/augment` is in use. */
export type RequestWithAuth = Request & { auth?: Auth }

/** Reads an Express request; what costs something is computed only when it is asked for. */
export class ExpressView implements RequestView {
  readonly #req: Request

  constructor(req: Request) {
    this.#req = req
  }
  get method(): string {
    return this.#req.method
  }
  get target(): string {
    return this.#req.originalUrl
  }
  get headers(): HeaderFields {
    return this.#req.headers
  }
  get rawHeaders(): readonly string[] {
    return this.#req.rawHeaders
  }
  get ip(): string | undefined {
    return this.#req.ip
  }
  get secure(): boolean {
    return this.#req.secure
  }
  get body(): BodySource {
    const parsed: unknown = this.#req.body
    return parsed === undefined ? { kind: 'stream', stream: this.#req } : { kind: 'parsed', value: parsed }
  }
  get params(): Readonly<Record<string, string>> {
    return this.#req.params as Record<string, string>
  }
}

/** Sends an answer as it is. */
export function send(res: Response, answer: Answer): void {
  res.status(answer.status).set(answer.headers)
  for (const cookie of answer.cookies) res.append('Set-Cookie', cookie)
  res.end(answer.body)
}
