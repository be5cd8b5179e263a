import { readFileSync } from 'node:fs'
import type { Answer, Route, RouteMaker } from '@sallyport/core/adapter'
import type { SecurityHeadersOptions } from '@sallyport/headers'

const files: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/demo.js', 'demo.js', 'text/javascript; charset=utf-8'],
  ['/demo.css', 'demo.css', 'text/css; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml; charset=utf-8'],
]
const PAGE = contentOf('index.html')

/** The routes of what the demo page loads. */
export function pageRoutes(route: RouteMaker): Route[] {
  return files.map(([path, file, type]) => {
    const answer = textAnswer(contentOf(file), { 'Content-Type': type, 'Cache-Control': 'no-cache' })
    return route.open(path, { GET: async () => answer })
  })
}

/**
 * `GET /`: the demo page, which signs in, lists the devices and signs them out.
 *
 * @param nonce what lets its script run, in this answer alone
 */
export function page(nonce: string): Answer {
  return textAnswer(PAGE.replace('{nonce}', nonce), {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
  })
}

/** The page may load styles, images and data from this server only, and no script but its own. */
export const pageHeaders: SecurityHeadersOptions = {
  csp: { image: ["'self'"], font: [], media: [], worker: [], formAction: [] },
  referrerPolicy: 'no-referrer',
}

function contentOf(file: string): string {
  return readFileSync(new URL(`../public/${file}`, import.meta.url), 'utf8')
}

function textAnswer(body: string, headers: Answer['headers']): Answer {
  return { status: 200, headers, cookies: [], body }
}
