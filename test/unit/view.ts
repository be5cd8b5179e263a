import type { RequestView } from '@sallyport/core'

/** A request of which only that counts. */
export function viewOf(part: Partial<RequestView>): RequestView {
  const headers = part.headers ?? {}
  const rawHeaders = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().flatMap((one) => [name, one]),
  )
  return {
    method: 'POST',
    target: '/',
    headers,
    rawHeaders,
    ip: undefined,
    peer: { address: part.ip, certificate: undefined },
    secure: false,
    host: typeof headers.host === 'string' ? headers.host : undefined,
    body: { kind: 'parsed', value: undefined },
    params: {},
    ...part,
  }
}
