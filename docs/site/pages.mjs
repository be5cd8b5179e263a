// Which files of the repository become pages, and where. All else that a page links to is shown by its repository.

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { publishedPackages, root, shortName } from '../../scripts/published.mjs'

/** Pages by the path of their file from the root of the repository, with the path on the site. */
export async function readPages() {
  /** @type {Map<string, string>} */
  const pages = new Map([
    ['README.md', 'index.md'],
    ['SECURITY.md', 'security.md'],
    ['CONTRIBUTING.md', 'contributing.md'],
    ['CHANGELOG.md', 'changelog.md'],
  ])
  for (const folder of ['', 'guide/', 'decisions/', 'zh/'])
    for (const name of await readdir(`${root}docs/${folder}`))
      if (name.endsWith('.md')) pages.set(`docs/${folder}${name}`, indexed(`${folder}${name}`))
  // It leads to the guide, for those who look for it beside the README.
  pages.delete('docs/guide.md')
  for (const published of await publishedPackages()) {
    const name = shortName(published)
    pages.set(`${published.directory}/README.md`, `packages/${name}.md`)
  }
  for (const [file, page] of await referencePages()) pages.set(file, page)
  return pages
}

/** Where the reference is written: a file for each door of each package. */
export const REFERENCE = 'docs/site/.reference'

async function referencePages() {
  const files = await readdir(root + REFERENCE, { recursive: true })
  return files
    .filter((file) => file.endsWith('.md'))
    .map((file) => {
      const page = indexed(
        file.replace('/src.md', '/README.md').replace('/src/', '/').replace('/signer-1', '/signer'),
      )
      return /** @type {const} */ ([`${REFERENCE}/${file}`, `reference/${page}`])
    })
}

/** @param {string} path */
function indexed(path) {
  return path.replace(/(^|\/)README\.md$/, '$1index.md')
}

/**
 * The link on a page for a link in a file: to another page, or to the repository. `undefined` if it leads nowhere.
 *
 * @param {ReadonlyMap<string, string>} pages
 * @param {string} repository URL of a folder or file in it is this and its path
 * @param {{ file: string, page: string }} from
 * @param {string} link relative, with or without a fragment
 * @returns {string | undefined}
 */
export function linkOnSite(pages, repository, from, link) {
  const [path = '', ...fragments] = link.split('#')
  const fragment = fragments.length > 0 ? `#${fragments.join('#')}` : ''
  if (path === '') return link
  const file = join(dirname(from.file), decodeURI(path)).replace(/\/$/, '')
  const page = pages.get(file) ?? pages.get(`${file}/README.md`)
  if (page !== undefined) return `${relative(dirname(from.page), page) || page}${fragment}`
  return existsSync(root + file) ? `${repository}/${file}${fragment}` : undefined
}
