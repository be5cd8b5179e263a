import ipaddr from 'ipaddr.js'

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
  const url = URL.canParse(address) ? new URL(address) : undefined
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
