import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const docs = fileURLToPath(new URL('../../docs/', import.meta.url))
const pages = readdirSync(`${docs}zh`).filter((name) => name !== 'README.md')

/** What two pages in two languages have in common. */
function shapeOf(path: string): object {
  const text = readFileSync(docs + path, 'utf8')
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '')
  const all = (pattern: RegExp, from: string): string[] =>
    [...from.matchAll(pattern)].map(([, found = '']) => found)
  return {
    headings: all(/^(#+) /gm, prose).join(' '),
    rows: all(/^\| (`[^`]+`)?/gm, prose),
    // Comments are in the language of the page.
    code: all(/^```\w*\n([\s\S]*?)^```$/gm, text).map((block) =>
      block.replace(/\s*(\/\/|\/\*\*|# ).*$/gm, ''),
    ),
    // A language puts them into an order of its own.
    names: [...new Set(all(/`([^`\n]+)`/g, prose))].toSorted(),
    links: [
      ...new Set(all(/\]\(([^)\s]+)\)/g, prose).map((link) => link.replace('../guide/', ''))),
    ].toSorted(),
  }
}

test.each(pages)('the Chinese page %s says what the English one says', (page) => {
  expect(shapeOf(`zh/${page}`)).toEqual(shapeOf(`guide/${page}`))
})
