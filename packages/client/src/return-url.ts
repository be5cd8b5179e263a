const PARAMETER = 'return_url'

/**
 * The address of a page at which users sign in, with this page as the one to come back to.
 *
 * @param page such as `/login`
 */
export function signInUrl(page: string): string {
  const { pathname, search, hash, href } = location
  const url = new URL(page, href)
  url.searchParams.set(PARAMETER, `${pathname}${search}${hash}`)
  return url.href
}

/**
 * Where to go after a sign-in: what {@link signInUrl} has put into this page's address, or the fallback. Only ever a path
 * of this origin, since anybody can make a link to a sign-in page, and never the sign-in page itself.
 *
 * @param fallback default `/`
 */
export function returnUrl(fallback = '/'): string {
  const given = new URLSearchParams(location.search).get(PARAMETER)
  if (given === null || !URL.canParse(given, location.href)) return fallback
  const url = new URL(given, location.href)
  // A path of two slashes is the address of another host.
  const isOwn = url.href.startsWith(`${location.origin}/`) && !url.pathname.startsWith('//')
  return isOwn && url.pathname !== location.pathname ? `${url.pathname}${url.search}${url.hash}` : fallback
}
