import { readFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { examplesOfPage } from '../types/examples.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Runs the applications of pages about migrating. */
export interface PageRunner {
  /**
   * Runs an example of a page: 0 is what people have, 1 is what they change it to. `adapted` replaces what the reader
   * has elsewhere. Gives its URL.
   */
  run(page: string, index: 0 | 1, adapted?: (code: string) => string): Promise<string>
  stop(): void
}

/** Every caller has a folder of its own below `.cache`. */
export async function pageRunner(name: string): Promise<PageRunner> {
  const folder = `${root}.cache/${name}`
  const servers: Server[] = []
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })

  return {
    async run(page, index, adapted = (code) => code) {
      const example = examplesOfPage(page, readFileSync(`${root}docs/guide/${page}`, 'utf8'))[index]
      if (example === undefined) throw new RangeError(`${page} has no example ${index}`)
      const code = example.lines
        .map(({ text }) => text)
        .join('\n')
        .replace(/^import \{ redisStore \}.*$/m, '')
        .replace(/redisStore\(\{ url: process\.env\.REDIS_URL \}\)/, 'undefined')
        .replace(/^app\.listen\(3000\)$/m, 'export const listening = app.listen(0)')
        .replace(
          /^await app\.listen\(\{ port: 3000 \}\)$/m,
          'await app.listen({ port: 0 })\nexport const listening = app.server',
        )
      const file = `${folder}/${servers.length}-${page.replace('.md', '')}.ts`
      await writeFile(file, adapted(code))
      const { listening }: { readonly listening: Server } = await import(file)
      servers.push(listening)
      return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
    },
    stop() {
      for (const server of servers) {
        server.closeAllConnections()
        server.close()
      }
    },
  }
}
