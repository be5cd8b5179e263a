import { readFileSync } from 'node:fs'
import type { Answer, Route, RouteMaker } from '@sallyport/core/adapter'

const files: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/demo.js', 'demo.js', 'text/javascript; charset=utf-8'],
  ['/demo.css', 'demo.css', 'text/css; charset=utf-8'],
  ['/icon.svg', 'icon.svg', 'image/svg+xml; charset=utf-8'],
]

/** The routes of the demo page, which signs in, lists the devices and signs them out. */
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

/** Options that every framework's version of helmet takes. */
export interface HelmetOptions {
  contentSecurityPolicy: { useDefaults: false; directives: Record<string, string[]> }
}

/** The page may load scripts, styles, images and data from this server only. */
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
