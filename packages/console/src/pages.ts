import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { UnavailableError } from '@sallyport/core'
import type {
  Answer,
  Gate,
  Handler,
  HeaderFields,
  Operations,
  RequestView,
  Route,
  RouteMaker,
} from '@sallyport/core/adapter'
import type { Settings } from './options.ts'

/**
 * Everything comes from this server and nothing is inline. The pages bring the policy themselves: that of an application
 * may ask for nonces, or be missing.
 */
const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"],
  ...["base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"],
  ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
].join('; ')

const TYPES = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
} as const

/** What a page must know, in its `<meta name="sallyport">`. */
export type PageConfig = Omit<Settings, 'operator' | 'operatorPath'> & {
  /** `null` if there is no operator's page. */
  readonly operatorPath: string | null
}

export type PageParts = Pick<Gate, 'route' | 'sessions'>

/** The routes of one page: its HTML, its script, the style sheet and the icon. */
export function pageRoutes(
  { route, sessions }: PageParts,
  page: 'account' | 'operator',
  path: string,
  config: PageConfig,
): Route[] {
  return [
    htmlRoute({ route, sessions }, page, path, config),
    assetRoute(route, page, `${page}.js`, 'js'),
    assetRoute(route, page, 'console.css', 'css'),
    assetRoute(route, page, 'icon.svg', 'svg'),
  ]
}

function htmlRoute({ route, sessions }: PageParts, page: string, path: string, config: PageConfig): Route {
  const template = read(`${page}.html`)
  const body = (session: boolean): string => {
    const values: Readonly<Record<string, string>> = {
      path,
      title: config.title,
      config: JSON.stringify({ ...config, session }),
    }
    return template.replace(/%(path|title|config)%/g, (_mark, name) => escaped(values[name] ?? ''))
  }
  const headers = {
    'Content-Type': 'text/html; charset=utf-8',
    'Cache-Control': 'no-store',
    'Content-Security-Policy': POLICY,
    'X-Content-Type-Options': 'nosniff',
  }
  const show: Handler = async (view) => {
    const session = await mayBeSignedIn(view, sessions)
    return { status: 200, headers, cookies: [], body: body(session) }
  }
  return route.open('/', { GET: show }, pageOperations(page))
}

/** A page that knows of no session asks for none: a refusal is an error in the browser's console. */
async function mayBeSignedIn(view: RequestView, sessions: PageParts['sessions']): Promise<boolean> {
  try {
    return (await sessions.find(view)) !== undefined
  } catch (cause) {
    // The page says what is wrong, and tries again.
    if (cause instanceof UnavailableError) return true
    throw cause
  }
}

function assetRoute(route: RouteMaker, page: string, file: string, kind: keyof typeof TYPES): Route {
  const body = read(file)
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const caching = { 'Cache-Control': 'no-cache', ETag: etag, 'X-Content-Type-Options': 'nosniff' }
  const whole: Answer = {
    status: 200,
    headers: { 'Content-Type': TYPES[kind], ...caching },
    cookies: [],
    body,
  }
  const unchanged: Answer = { status: 304, headers: caching, cookies: [], body: undefined }
  const give: Handler = ({ headers }) => (isKnown(headers, etag) ? unchanged : whole)
  return route.open(`/${file}`, { GET: give }, assetOperations(page, kind))
}

const TAG = 'Pages'

function pageOperations(page: string): Operations {
  const content = { 'text/html': { type: 'string' } }
  return {
    GET: {
      ...{ id: `${page}Page`, tag: TAG, summary: 'A page for browsers' },
      answers: { 200: { description: 'The page.', content } },
    },
  }
}

function assetOperations(page: string, kind: keyof typeof TYPES): Operations {
  const [type = ''] = TYPES[kind].split(';', 1)
  const headers = { ETag: 'Its version.' }
  return {
    GET: {
      ...{ id: `${page}_${kind}`, tag: TAG, summary: 'A file of the page' },
      answers: {
        200: { description: 'The file.', content: { [type]: { type: 'string' } }, headers },
        304: { description: 'The client has it already.', headers },
      },
    },
  }
}

/** Whether the client has it already (RFC 9110, section 13.1.2). */
function isKnown(headers: HeaderFields, etag: string): boolean {
  const known = headers['if-none-match']
  return typeof known === 'string' && (known.trim() === '*' || known.includes(etag))
}

/** The build puts the pages there, which is in the same place as seen from the sources. */
function read(file: string): string {
  return readFileSync(new URL(`../dist/pages/${file}`, import.meta.url), 'utf8')
}

/** As text and as the value of an attribute in double quotes. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
