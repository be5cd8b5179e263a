import { readFileSync } from 'node:fs'
import { type Site, startSite } from '../site.ts'

const PAGE = readFileSync(new URL('hostile.html', import.meta.url), 'utf8')
const WORKER = `self.addEventListener('message', async ({ data: url, ports: [port] }) => {
  const asked = fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include' })
  port.postMessage(await asked.then((answer) => answer.text()).catch(() => ''))
})`

/** A site with a page that has the tools of the attacks. */
export function startHostile(): Promise<Site> {
  return startSite((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const to = searchParams.get('to') ?? '/'
    switch (pathname) {
      case '/redirect':
        return response.writeHead(307, { Location: to }).end()
      case '/meta':
        return response
          .setHeader('Content-Type', 'text/html')
          .end(`<meta http-equiv="refresh" content="0; url=${to}">`)
      case '/form':
        return response
          .setHeader('Content-Type', 'text/html')
          .end(`<form method="post" action="${to}"></form><script>document.forms[0].submit()</script>`)
      case '/worker.js':
        return response.setHeader('Content-Type', 'text/javascript').end(WORKER)
      default:
        return response.setHeader('Content-Type', 'text/html; charset=utf-8').end(PAGE)
    }
  })
}
