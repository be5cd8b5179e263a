import type { NextFunction, Request, RequestHandler, Response } from 'express'

/** What becomes of one refresh. But for `down`, the server has handled it. */
export type Fault =
  /** The connection breaks before the answer is sent. */
  | { readonly kind: 'lost' }
  /** The connection breaks behind the header, so the cookie arrives and the access token does not. */
  | { readonly kind: 'cut' }
  /** The answer waits. */
  | { readonly kind: 'held'; readonly until: Promise<unknown> }
  /** 503, and the server never hears of it. */
  | { readonly kind: 'down'; readonly retryAfterSeconds: number }

/** One refresh as the server saw it, in milliseconds since the epoch. */
interface Flight {
  readonly key: string | undefined
  readonly from: number
  until: number | undefined
  /** The browser gave it up. */
  isAbandoned: boolean
}

/** A refresh whose answer waits. */
export interface Held {
  /** Resolves when the server has handled it. */
  readonly reached: Promise<void>
  release(): void
}

/** Lies in front of the route `refresh`, and does to each answer what the test wants. */
export interface Wire {
  readonly middleware: RequestHandler
  /** All refreshes so far. */
  readonly flights: readonly Flight[]
  /** Chooses what becomes of each refresh from now on. `tab` is the header `X-Tab`. */
  choose(next: ((tab: string | undefined) => Fault | undefined) | undefined): void
  /** What becomes of the next refresh alone. */
  once(fault: Fault): void
  /** Holds the answer of the next refresh. */
  hold(): Held
  /** How many refreshes were on their way while another one was. */
  overlaps(): number
}

function signal(): { readonly given: Promise<void>; give(): void } {
  let give = (): void => {}
  const given = new Promise<void>((resolve) => {
    give = resolve
  })
  return { given, give }
}

/** A tab that is closed frees its lock a moment before its connection ends. */
const LINGER_MILLISECONDS = 150

export function createWire(): Wire {
  const flights: Flight[] = []
  let choice: ((tab: string | undefined) => Fault | undefined) | undefined
  const next: Fault[] = []
  const reached = new WeakMap<Fault, () => void>()

  function middleware(req: Request, res: Response, forward: NextFunction): void {
    if (req.method !== 'POST') {
      forward()
      return
    }
    const flight: Flight = {
      key: req.get('Idempotency-Key'),
      from: Date.now(),
      until: undefined,
      isAbandoned: false,
    }
    flights.push(flight)
    const fault = next.shift() ?? choice?.(req.get('X-Tab'))
    const end = res.end.bind(res) as (body?: unknown) => Response
    const land = (): void => {
      flight.until ??= Date.now()
    }
    res.once('close', () => {
      flight.isAbandoned = flight.until === undefined
      land()
    })
    if (fault?.kind === 'down') {
      land()
      res.status(503).set('Retry-After', String(fault.retryAfterSeconds)).end()
      return
    }
    res.end = (body?: unknown): Response => {
      if (fault !== undefined) reached.get(fault)?.()
      switch (fault?.kind) {
        case 'lost':
          land()
          res.socket?.destroy()
          return res
        case 'cut':
          land()
          res.write('{', () => res.socket?.destroy())
          return res
        case 'held':
          void fault.until.then(() => {
            land()
            end(body)
          })
          return res
        case undefined:
          land()
          return end(body)
      }
    }
    forward()
  }

  return {
    middleware,
    flights,
    choose(chosen) {
      choice = chosen
    },
    once(fault) {
      next.push(fault)
    },
    hold() {
      const answer = signal()
      const handled = signal()
      const fault: Fault = { kind: 'held', until: answer.given }
      reached.set(fault, handled.give)
      next.push(fault)
      return { reached: handled.given, release: answer.give }
    },
    overlaps() {
      const late = (flight: Flight): number =>
        (flight.until ?? Number.POSITIVE_INFINITY) - (flight.isAbandoned ? LINGER_MILLISECONDS : 0)
      return flights.filter((flight, index) =>
        flights.slice(0, index).some((earlier) => late(earlier) > flight.from),
      ).length
    },
  }
}
