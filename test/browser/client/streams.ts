import { type ExpressSallyport, getAuth } from '@sallyport/express'
import type { RequestHandler } from 'express'

/** Event streams that end with the session of whoever opens them. */
export interface Streams {
  /** Goes behind `authMiddleware`. */
  readonly handler: RequestHandler
  /** Who has one open, oldest first, by the header `X-Tab`. */
  open(): readonly string[]
  /** How many were opened so far. */
  opened(): number
  /** Breaks all connections, as a network does. */
  cut(): void
}

export function createStreams({ endOnRevocation }: ExpressSallyport): Streams {
  const streams = new Map<{ destroy(): unknown }, string>()
  let count = 0
  return {
    handler(req, res) {
      count++
      streams.set(res, req.get('X-Tab') ?? '')
      res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).write(': \n\n')
      const forget = endOnRevocation(getAuth(req), () => res.end('event: end\ndata:\n\n'))
      res.on('close', () => {
        forget()
        streams.delete(res)
      })
    },
    open: () => [...streams.values()],
    opened: () => count,
    cut() {
      for (const stream of streams.keys()) stream.destroy()
    },
  }
}
