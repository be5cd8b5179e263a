import { type Answer, type NodeRequest, NodeView, type RequestView } from '@sallyport/core/adapter'
import type { Context } from 'koa'

/** What a body parser and a router add to a context. */
interface Extras {
  readonly request: { readonly body?: unknown }
  readonly params?: unknown
}

class KoaView extends NodeView<Context & Extras> {
  get secure(): boolean {
    return this.request.secure
  }
  protected get raw(): NodeRequest {
    return this.request.req
  }
  protected get parsed(): unknown {
    return this.request.request.body
  }
}

export const read = (ctx: Context): RequestView => new KoaView(ctx)

/** Sends an answer unchanged. */
export function send(ctx: Context, { status, headers, cookies, body }: Answer): void {
  // With no body, Koa sets a status of its own. With a string it looks for a type, unless there is one.
  if (body === undefined) ctx.body = null
  ctx.status = status
  ctx.set({ ...headers })
  if (body !== undefined) ctx.body = body
  setCookies(ctx, cookies)
}

/** Appends complete `Set-Cookie` values to a response. */
export function setCookies(ctx: Context, cookies: readonly string[]): void {
  for (const cookie of cookies) ctx.append('Set-Cookie', cookie)
}

/** Koa reports a client that hangs up as an error of the application, with its stack. For this request, it does not. */
export function quiet(ctx: Context): Context {
  const { onerror } = ctx
  ctx.onerror = (fault: NodeJS.ErrnoException | null) => {
    const isHangUp = fault === ctx.socket.errored || fault?.code === 'ERR_STREAM_PREMATURE_CLOSE'
    if (fault !== null && !isHangUp) onerror.call(ctx, fault)
  }
  return ctx
}
