import { readFileSync } from 'node:fs'
import type { Answer, Route, RouteMaker } from '@sallyport/core/adapter'

const files: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/demo.js', 'demo.js', 'text/javascript; charset=utf-8'],
  ['/demo.css', 'demo.css', 'text/css; charset=utf-8'],
]

/** The demo page: signs in, shows the devices, signs them out. */
export function pageRoutes(route: RouteMaker): Route[] {
  return files.map(([path, file, type]) => {
    const answer: Answer = {
      status: 200,
      headers: { 'Content-Type': type, 'Cache-Control': 'no-cache' },
      cookies: [],
      body: readFileSync(new URL(`../public/${file}`, import.meta.url), 'utf8'),
    }
    return route.open(path, { GET: async () => answer })
  })
}

/** What all forms of helmet take. */
export interface HelmetOptions {
  contentSecurityPolicy: { useDefaults: false; directives: Record<string, string[]> }
}

/** The page may run and fetch what comes from this server, and nothing else. */
export const helmetOptions: HelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      connectSrc: ["'self'"],
      imgSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
      requireTrustedTypesFor: ["'script'"],
    },
  },
}
