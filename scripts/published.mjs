// The packages that are published, and what stands in their package.json.

import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} version
 * @property {boolean} [private]
 * @property {string} [description]
 * @property {readonly string[]} [keywords]
 * @property {string} [license]
 * @property {string} [author]
 * @property {string} [homepage]
 * @property {{ url?: string }} [bugs]
 * @property {{ type?: string, url?: string, directory?: string }} [repository]
 * @property {Readonly<Record<string, unknown>>} exports
 * @property {string} [main]
 * @property {string} [types]
 * @property {Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>} [typesVersions]
 * @property {Readonly<Record<string, string>>} [dependencies]
 * @property {Readonly<Record<string, string>>} [optionalDependencies]
 * @property {Readonly<Record<string, string>>} [peerDependencies]
 *
 * @typedef {object} Package
 * @property {string} folder absolute path, without a slash at the end
 * @property {string} directory the same from the root of the repository: `packages/core`
 * @property {Manifest} manifest
 *
 * @typedef {object} Door one way into a package
 * @property {string} key of `exports`: `./augment`
 * @property {string} specifier what an import says: `@sallyport/express/augment`
 * @property {string} name of its files: `augment`
 * @property {string} source absolute path of its source
 * @property {string} types absolute path of its declarations
 * @property {string} code absolute path of its JavaScript
 * @property {Readonly<Record<'types' | 'code', string>>} commonjs the same for CommonJS
 */

/**
 * All packages that are not private, in alphabetical order.
 *
 * @returns {Promise<readonly Package[]>}
 */
export async function publishedPackages() {
  const names = (await readdir(`${root}packages`)).sort()
  const packages = await Promise.all(
    names.map(async (name) => {
      const directory = `packages/${name}`
      const folder = `${root}${directory}`
      /** @type {Manifest} */
      const manifest = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
      return { folder, directory, manifest }
    }),
  )
  return packages.filter(({ manifest }) => !manifest.private)
}

/**
 * The doors of a package, in the order of its `exports`; `./package.json` is none.
 *
 * @param {Package} published
 * @returns {readonly Door[]}
 */
export function doorsOf({ folder, manifest }) {
  return Object.keys(manifest.exports)
    .filter((door) => door !== './package.json')
    .map((door) => {
      const name = door === '.' ? 'index' : door.slice('./'.length)
      const built = `${folder}/dist/${name}`
      return {
        key: door,
        specifier: manifest.name + door.slice(1),
        name,
        source: `${folder}/src/${name}.ts`,
        types: `${built}.d.ts`,
        code: `${built}.js`,
        commonjs: { types: `${built}.d.cts`, code: `${built}.cjs` },
      }
    })
}

/**
 * What a person would call a package's file: `core` for `@sallyport/core`.
 *
 * @param {Package} published
 */
export function shortName({ directory }) {
  return directory.slice('packages/'.length)
}
