// Whether each link of the built site leads to a page that is there, and to a heading of it.

import { readdir, readFile } from 'node:fs/promises'
import { posix } from 'node:path'

/**
 * @param {string} folder of the built site
 * @returns {Promise<readonly string[]>} one line for each link that leads nowhere
 */
export async function deadLinks(folder) {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.html'))
  const pages = new Map(
    await Promise.all(
      names.map(async (name) => {
        const html = await readFile(`${folder}/${name}`, 'utf8')
        const ids = new Set([...html.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id))
        const links = [...html.matchAll(/<a [^>]*href="([^"]+)"/g)].map(([, link = '']) => link)
        return /** @type {const} */ ([`/${name}`, { ids, links: new Set(links) }])
      }),
    ),
  )
  /** @type {string[]} */
  const dead = []
  for (const [page, { links }] of pages)
    for (const link of links) {
      if (/^\w+:/.test(link)) continue
      const [path = '', id] = decodeURI(link).split('#')
      const at = path === '' ? page : posix.resolve(posix.dirname(page), path)
      const found = pages.get(at) ?? pages.get(`${at}.html`) ?? pages.get(posix.join(at, 'index.html'))
      const isThere = found !== undefined && (id === undefined || id === '' || found.ids.has(id))
      if (!isThere) dead.push(`${page}: ${link}`)
    }
  return dead
}
