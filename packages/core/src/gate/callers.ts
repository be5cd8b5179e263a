import type { Random } from '../ports/clock.ts'
import {
  type Caller,
  type Callers,
  printableAgentOf,
  type Sender,
  userAgentOf,
  type Visit,
} from '../seam/caller.ts'
import type { HeaderFields, RequestView } from '../seam/http.ts'
import { canonicalIp } from '../seam/ip.ts'

const ID_BYTES = 12

/** @param random makes the id of a request that has none */
export function createCallers(random: Random): Callers {
  const newId = (): string => Buffer.from(random(ID_BYTES)).toString('base64url')
  // Each middleware makes a view of its own. What all views of a request share are its header fields.
  const made = new WeakMap<HeaderFields, string>()
  const addresses = new WeakMap<HeaderFields, string>()

  function idOf(headers: HeaderFields): string {
    const known = sentId(headers) ?? made.get(headers)
    if (known !== undefined) return known
    const id = newId()
    made.set(headers, id)
    return id
  }

  /** A connection that is closed has no address any more: then it is the one that an earlier view found. */
  function addressOf({ ip, headers }: Sender): string | undefined {
    if (ip === undefined) return addresses.get(headers)
    addresses.set(headers, ip)
    return ip
  }

  return {
    of: (sender) => new RequestCaller(sender, addressOf(sender), idOf),
    addressOf: canonicalIp,
    unknown: () => ({ ip: undefined, user_agent: undefined, request_id: newId() }),
  }
}

/**
 * Every member is computed only when it is read, since most requests are told to nobody; from the address that there was at
 * first, since the client may hang up.
 */
class RequestCaller implements Caller {
  readonly #sender: Sender
  readonly #address: string | undefined
  readonly #idOf: (headers: HeaderFields) => string

  constructor(sender: Sender, address: string | undefined, idOf: (headers: HeaderFields) => string) {
    this.#sender = sender
    this.#address = address
    this.#idOf = idOf
  }
  get ip(): string | undefined {
    return canonicalIp(this.#address)
  }
  get user_agent(): string | undefined {
    return printableAgentOf(this.#sender)
  }
  get request_id(): string {
    return this.#idOf(this.#sender.headers)
  }
}

/** What a request says of itself; `undefined` if its `Idempotency-Key` is malformed. */
export function visitOf(view: RequestView, callers: Callers): Visit | undefined {
  const sent = view.headers['idempotency-key']
  const retryKey = sent === undefined ? undefined : retryKeyIn(sent)
  if (sent !== undefined && retryKey === undefined) return undefined
  const signals = view.headers['device-signals'] === undefined ? [] : fieldsOf(view, 'device-signals')
  return { caller: callers.of(view), userAgent: userAgentOf(view), signals, retryKey }
}

/** Every field of a name as received. In the parsed headers, several of a kind are joined and look like one. */
function fieldsOf({ rawHeaders }: RequestView, name: string): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
}

/**
 * Version, trace id, parent id and flags (W3C Trace Context, section 3.2). An id of zeros is none, and only a later
 * version than 00 may go on behind the flags.
 */
const TRACE_PARENT =
  /^(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?=$|-)/
const REQUEST_ID = /^[\w.:=+/-]{1,128}$/

/** Repeated headers arrive joined by a comma, which neither form has. */
function sentId({ traceparent, 'x-request-id': requestId }: HeaderFields): string | undefined {
  const [, traceId] = typeof traceparent === 'string' ? (TRACE_PARENT.exec(traceparent) ?? []) : []
  if (traceId !== undefined) return traceId
  return typeof requestId === 'string' && REQUEST_ID.test(requestId) ? requestId : undefined
}

/** A key as it is, or as a string of structured fields (RFC 9651, section 3.3.3). Both spell the same key. */
const RETRY_KEY = /^(?:"([\w-]{16,64})"|([\w-]{16,64}))$/

/** Repeated headers arrive joined by a comma, which no key has. */
function retryKeyIn(sent: string | readonly string[]): string | undefined {
  const [, quoted, bare] = typeof sent === 'string' ? (RETRY_KEY.exec(sent) ?? []) : []
  return quoted ?? bare
}
