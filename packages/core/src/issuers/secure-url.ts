import ipaddr from 'ipaddr.js'

/** A URL that may be fetched from: https (http on loopback), without user, password and fragment. */
export function secureUrl(given: string): URL | undefined {
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url === undefined || /[\s#]/.test(given) || url.username !== '' || url.password !== '') return undefined
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)) ? url : undefined
}

function isLoopback({ hostname }: URL): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  return (
    address === 'localhost' || (ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback')
  )
}
