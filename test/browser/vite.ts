import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type ProxyOptions } from 'vite'
import { DEMO } from './demo.ts'

/** A page and a server behind one address. */
export interface Front {
  readonly url: string
  close(): Promise<void>
}

/** Vite's development server with the demo page as its project, and what its proxy is told. */
export async function startVite(to: string | ProxyOptions): Promise<Front> {
  const root = await mkdtemp(join(tmpdir(), 'sallyport-vite-'))
  await writeFile(join(root, 'index.html'), DEMO)
  const vite = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, proxy: { '/auth': to, '/api': to } },
  })
  await vite.listen()
  const address = vite.httpServer?.address()
  if (typeof address !== 'object' || address === null) throw new Error('Vite does not listen')
  return {
    url: `http://localhost:${address.port}`,
    async close() {
      await vite.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}
