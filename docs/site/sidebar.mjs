// What stands beside the pages, made from what the pages themselves say.

import { readFileSync } from 'node:fs'
import { root } from '../../scripts/published.mjs'

/**
 * @typedef {{ text: string, link: string }} Item
 * @typedef {{ text: string, collapsed?: boolean, items: Item[] }} Group
 */

/**
 * The headings of an index, and the pages that each names.
 *
 * @param {string} index a file of the repository
 * @param {string} base of its pages on the site
 * @returns {Group[]}
 */
export function guideSidebar(index, base) {
  const folder = index.slice(0, index.lastIndexOf('/') + 1)
  const [, ...sections] = readFileSync(root + index, 'utf8').split(/^## /m)
  /** @type {Set<string>} */
  const seen = new Set()
  return sections
    .map((section) => {
      const text = section.slice(0, section.indexOf('\n'))
      const names = [...section.matchAll(/\]\(([\w-]+)\.md\)/g)].map(([, name = '']) => name)
      const fresh = [...new Set(names)].filter((name) => !seen.has(name))
      for (const name of fresh) seen.add(name)
      const items = fresh.map((name) => ({ text: titleOf(`${folder}${name}.md`), link: base + name }))
      return { text, items }
    })
    .filter(({ items }) => items.length > 0)
}

/**
 * All pages of a folder, by their titles.
 *
 * @param {ReadonlyMap<string, string>} pages
 * @param {string} folder
 * @returns {Item[]}
 */
export function titled(pages, folder) {
  return [...pages]
    .filter(([, page]) => page.startsWith(folder))
    .map(([file, page]) => ({ text: titleOf(file), link: linkOf(page) }))
}

/**
 * The doors of each package.
 *
 * @param {ReadonlyMap<string, string>} pages
 * @returns {Item[]}
 */
export function referenceSidebar(pages) {
  return [...pages.values()]
    .filter((page) => page.startsWith('reference/') && page !== 'reference/index.md')
    .map((page) => {
      const link = linkOf(page)
      return { text: link.replace('/reference/', '@sallyport/').replace(/\/$/, ''), link }
    })
    .toSorted((one, other) => (one.text < other.text ? -1 : 1))
}

/** @param {string} page */
function linkOf(page) {
  return `/${page.replace(/(index)?\.md$/, '')}`
}

/** @param {string} file */
function titleOf(file) {
  return /^# (.*)$/m.exec(readFileSync(root + file, 'utf8'))?.[1]?.replaceAll('`', '') ?? file
}
