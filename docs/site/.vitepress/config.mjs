import { readFileSync } from 'node:fs'
import { slug } from 'github-slugger'
import { defineConfig } from 'vitepress'
import { root } from '../../../scripts/published.mjs'
import { linkOnSite, readPages } from '../pages.mjs'
import { guideSidebar, referenceSidebar, titled } from '../sidebar.mjs'

const pages = await readPages()
const files = new Map([...pages].map(([file, page]) => [page, file]))
const { homepage } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const repository = homepage.replace(/#.*$/, '')

/**
 * Links in files are right in the repository; on a page they lead to pages.
 *
 * @param {import('vitepress').MarkdownRenderer} md
 */
function repositoryLinks(md) {
  md.core.ruler.push('repository-links', (state) => {
    const page = state.env.relativePath
    const file = files.get(page)
    if (file === undefined) return
    for (const token of state.tokens.flatMap((block) => block.children ?? [])) {
      const link = token.type === 'link_open' ? token.attrGet('href') : null
      if (link === null || /^(\w+:|#)/.test(link)) continue
      const on = linkOnSite(pages, `${repository}/blob/main`, { file, page }, link)
      if (on === undefined) throw new Error(`${file}: the link ${link} leads nowhere`)
      token.attrSet('href', on)
    }
  })
}

export default defineConfig({
  srcDir: '.staged',
  outDir: 'dist',
  title: 'Sallyport',
  description: 'Session security for Node.js servers',
  cleanUrls: true,
  lastUpdated: false,
  // Headings have the names that they have in the repository.
  markdown: { config: repositoryLinks, anchor: { slugify: (heading) => slug(heading) } },
  themeConfig: {
    i18nRouting: false,
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: repository }],
  },
  locales: {
    root: {
      label: 'English',
      lang: 'en',
      themeConfig: {
        nav: [
          { text: 'Guide', link: '/guide/' },
          { text: 'Reference', link: '/reference/' },
          { text: 'Packages', link: '/packages/core' },
          { text: 'Decisions', link: '/decisions/0001-one-sorted-set-per-shard' },
          { text: 'Security', link: '/security' },
        ],
        sidebar: {
          '/': guideSidebar('docs/guide/README.md', '/guide/'),
          '/reference/': referenceSidebar(pages),
          '/packages/': titled(pages, 'packages/'),
          '/decisions/': titled(pages, 'decisions/'),
        },
      },
    },
    zh: {
      label: '简体中文',
      lang: 'zh-CN',
      description: 'Node.js 服务器的会话安全',
      themeConfig: {
        nav: [{ text: '指南', link: '/zh/' }],
        sidebar: guideSidebar('docs/zh/README.md', '/zh/'),
      },
    },
  },
  vite: { build: { chunkSizeWarningLimit: 10_000 } },
})
