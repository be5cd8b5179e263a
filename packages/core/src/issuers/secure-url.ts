import ipaddr from 'ipaddr.js'

/**
 * Parses a URL; `undefined` if it is none. `URL.canParse` can't be asked about what strangers send: once it is optimised,
 * Node.js 20 reads Latin-1 in it as UTF-8, and `new URL` throws after all.
 */
export function urlIn(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/**
 * Parses a URL at which an issuer may be asked: https, or http on loopback, without user, password, fragment and white
 * space. `undefined` for anything else.
 */
export function secureUrl(address: string): URL | undefined {
  const url = plainUrl(address)
  return url !== undefined && isSecure(url) ? url : undefined
}

/** Parses the same, but with http on any host. */
export function plainUrl(address: string): URL | undefined {
  const url = urlIn(address)
  if (url === undefined || /[\s#]/.test(address) || url.username !== '' || url.password !== '')
    return undefined
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined
}

/** Whether nobody on the way can change what a server answers at this URL. */
export function isSecure(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url)
}

function isLoopback({ hostname }: URL): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  return (
    address === 'localhost' || (ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback')
  )
}
