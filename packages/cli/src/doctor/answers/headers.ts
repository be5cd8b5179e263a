import { now } from '../../system.ts'
import { isLoopback } from '../options/index.ts'
import { type Answer, type Examined, short } from './ask.ts'

const YEAR = 31_536_000
const CLOCK_TOLERANCE_MS = 10_000
/** What Express answers by itself for a route that it lacks. */
const OF_EXPRESS = "default-src 'none'"
const INSIDE = /\bat .{1,200}\(?(?:file:\/\/|\/|[A-Z]:\\).{1,300}:\d+:\d+|node_modules\/|node:internal/

/** Judges what all answers have in common: cookies, security headers, errors, the clock. */
export function judgeAnswers({ base, found }: Examined, answers: readonly (Answer | undefined)[]): void {
  const all = answers.filter((answer) => answer !== undefined)
  const [first] = all
  if (first === undefined) return
  // For a route that it lacks, a framework answers by itself, with fields of its own.
  judgeHeaders(base, all.find(({ status }) => status !== 404) ?? first, found)
  const cookies = new Map(
    all.flatMap((answer) => answer.cookies).map((cookie) => [cookie.split('=')[0] ?? '', cookie]),
  )
  for (const [name, cookie] of cookies) judgeCookie(name, cookie, found)
  if (all.some(({ body }) => INSIDE.test(body)))
    found({ id: 'error-detail', seen: 'an answer shows a path or a stack' })
  const shown = all.flatMap(({ header }) =>
    [header('x-powered-by') && `X-Powered-By: ${header('x-powered-by')}`].concat(
      /\d/.test(header('server')) ? `Server: ${header('server')}` : '',
    ),
  )
  const version = shown.find((value) => value !== '')
  if (version !== undefined) found({ id: 'version-shown', seen: short(version) })
  const date = Date.parse(first.header('date'))
  if (Math.abs(date - now()) > CLOCK_TOLERANCE_MS)
    found({ id: 'server-clock', seen: `${Math.round(Math.abs(date - now()) / 1000)} seconds apart` })
}

function judgeHeaders(base: URL, { header, status }: Answer, found: Examined['found']): void {
  if (base.protocol === 'http:') {
    if (!isLoopback(base.href)) found({ id: 'http-plain', seen: base.origin })
  } else if (Number(/max-age="?(\d+)/i.exec(header('strict-transport-security'))?.[1] ?? 0) < YEAR)
    found({
      id: 'hsts-missing',
      seen: `Strict-Transport-Security: ${short(header('strict-transport-security')) || 'none'}`,
    })
  const policy = header('content-security-policy')
  if (policy === '') found({ id: 'csp-missing', seen: 'Content-Security-Policy: none' })
  else if (!(status === 404 && policy === OF_EXPRESS) && !/frame-ancestors/i.test(policy))
    found({ id: 'framing-allowed', seen: 'no frame-ancestors' })
  if (header('x-content-type-options').toLowerCase() !== 'nosniff')
    found({ id: 'sniffing-allowed', seen: 'X-Content-Type-Options: none' })
  if (header('referrer-policy') === '') found({ id: 'referrer-sent', seen: 'Referrer-Policy: none' })
}

function judgeCookie(name: string, cookie: string, found: Examined['found']): void {
  const attributes = cookie
    .split(';')
    .slice(1)
    .map((part) => part.trim().toLowerCase())
  const has = (attribute: string): boolean =>
    attributes.some((given) => given === attribute || given.startsWith(`${attribute}=`))
  const seen = (what: string): string => `Set-Cookie ${short(name)}: ${what}`
  if (!has('secure')) found({ id: 'cookie-not-secure', seen: seen('no Secure') })
  if (!has('httponly')) found({ id: 'cookie-readable', seen: seen('no HttpOnly') })
  if (!attributes.some((given) => /^samesite=(?:lax|strict)$/.test(given)))
    found({ id: 'cookie-cross-site', seen: seen('no SameSite=Lax or Strict') })
  if (has('domain') || (has('secure') && !name.startsWith('__Host-')))
    found({ id: 'cookie-shared', seen: seen(has('domain') ? 'has a Domain' : 'no prefix __Host-') })
}
