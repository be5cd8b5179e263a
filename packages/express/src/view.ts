import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { type Answer, type Auth, type NodeRequest, NodeView, type RequestView } from '@sallyport/core/adapter'
import type { Request, Response } from 'express'

/** A request with its verified caller. */
export type WithAuth = IncomingMessage & { auth?: Auth | null }

class ExpressView extends NodeView<Request> {
  get secure(): boolean {
    return this.request.secure
  }
  protected get raw(): NodeRequest {
    return this.request
  }
  protected get parsed(): unknown {
    return this.request.body
  }
}

export const read = (req: IncomingMessage): RequestView => new ExpressView(req as Request)

/** Sends an answer unchanged. The errors of a stream are for whoever made it. */
export function send(res: ServerResponse, { status, headers, cookies, body }: Answer): void {
  setCookies(res, cookies)
  ;(res as Response).status(status).set(headers)
  typeof body === 'object' ? pipeline(body, res, () => {}) : res.end(body)
}

/** Sets header fields of a response that somebody else sends. */
export function setHeaders(res: ServerResponse, headers: Answer['headers']): void {
  ;(res as Response).set(headers)
}

/** Appends complete `Set-Cookie` values to a response. */
export function setCookies(res: ServerResponse, cookies: readonly string[]): void {
  for (const cookie of cookies) res.appendHeader('Set-Cookie', cookie)
}
