import { readFile } from 'node:fs/promises'
import type { Route, RouteMaker } from '@sallyport/core/adapter'
import { file } from './described.ts'

// Swagger UI, which shows the document and sends requests. All of it comes from this server, and nothing is inline.

const POLICY = [
  "default-src 'none'",
  ...["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ')

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sallyport: the routes</title>
<link rel="icon" href="/icon.svg">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<script src="/docs/swagger-ui-bundle.js" defer></script>
<script src="/docs/start.js" defer></script>
</head>
<body><main id="viewer"></main></body>
</html>
`
/** No validator elsewhere is asked. */
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#viewer', deepLinking: true, validatorUrl: null })
`

/** `GET /docs`, and the files of its page. */
export function viewerRoutes(route: RouteMaker): readonly Route[] {
  const serve = (path: string, id: string, type: string, body: () => string | Promise<string>): Route => {
    const headers = {
      'Content-Type': `${type}; charset=utf-8`,
      'Cache-Control': 'no-cache',
      'Content-Security-Policy': POLICY,
      'X-Content-Type-Options': 'nosniff',
    }
    const give = async () => ({ status: 200, headers, cookies: [], body: await body() })
    return route.open(path, { GET: give }, file(id, type))
  }
  return [
    serve('/docs', 'viewer', 'text/html', () => PAGE),
    serve('/docs/start.js', 'viewerStart', 'text/javascript', () => START),
    serve('/docs/swagger-ui.css', 'viewerStyles', 'text/css', () => installed('swagger-ui.css')),
    serve('/docs/swagger-ui-bundle.js', 'viewerScript', 'text/javascript', () =>
      installed('swagger-ui-bundle.js'),
    ),
  ]
}

function installed(name: string): Promise<string> {
  return readFile(new URL(import.meta.resolve(`swagger-ui-dist/${name}`)), 'utf8')
}
