// Makes a door of CommonJS beside each door of a published package: dist/index.cjs, which loads dist/index.js, and
// dist/index.d.cts, which says of it what dist/index.d.ts says. Runs behind tsc in `npm run build`. Why these files are
// as they are: docs/decisions/0019-types-for-commonjs.md.

import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { exportsOf } from './declared.mjs'
import { doorsOf, publishedPackages } from './published.mjs'

/**
 * @typedef {import('./declared.mjs').Exports} Exports
 * @typedef {import('./published.mjs').Door} Door
 * @typedef {import('./published.mjs').Package} Package
 */

/**
 * @param {Exports} exported
 * @param {string} from where they are: `esm`
 * @returns {string}
 */
function values(exported, from) {
  /** @param {string} name */
  const qualify = (name) => (exported.has(name) ? `${from}.${name}` : name)
  const lines = [...exported].map(
    ([name, { isValue, isType, isForeign, doc, parameters, args, members }]) => {
      if (!isValue) return ''
      if (isForeign) throw new SyntaxError(`whether "${name}", of another package, is a class can't be told`)
      const value = `${doc}export declare const ${name}: typeof ${from}.${name};\n`
      if (members) return `${value}${namespace(name, members, from)}`
      return isType ? `${value}export type ${name}${parameters(qualify)} = ${from}.${name}${args};\n` : value
    },
  )
  return lines.join('')
}

/**
 * The types of a namespace; its values have their types from the whole of it.
 *
 * @param {string} name
 * @param {Exports} members
 * @param {string} from
 */
function namespace(name, members, from) {
  const within = `${from}.${name}`
  /** @param {string} one */
  const qualify = (one) => (members.has(one) ? `${within}.${one}` : one)
  const types = [...members]
    .filter(([, { isType }]) => isType)
    .map(
      ([type, { parameters, args }]) =>
        `    type ${type}${parameters(qualify)} = ${within}.${type}${args};\n`,
    )
  return types.length === 0 ? '' : `export declare namespace ${name} {\n${types.join('')}}\n`
}

/**
 * All types of a door are those of the ES module, whose identity they keep. Its values need a declaration, since only
 * types may come from an ES module into the declarations of a CommonJS module.
 *
 * @param {Door} door
 */
function declarationsFor({ name, types }) {
  const from = `'./${name}.js' with { 'resolution-mode': 'import' }`
  const declared = values(exportsOf(types), 'esm')
  const esm = declared === '' ? '' : `import type * as esm from ${from};\n`
  return `${esm}export type * from ${from};\n${declared}`
}

/**
 * The files that a door needs for CommonJS, by their path.
 *
 * @param {Door} door
 * @returns {readonly (readonly [string, string])[]}
 */
const filesFor = (door) => [
  [door.commonjs.types, declarationsFor(door)],
  [door.commonjs.code, `'use strict';\nmodule.exports = require('./${door.name}.js');\n`],
]

/** @param {Package} published */
async function write(published) {
  const dist = `${published.folder}/dist`
  // Of a source that is gone, tsc leaves what it made.
  const wanted = new Map(
    doorsOf(published)
      .filter(({ source }) => existsSync(source))
      .flatMap(filesFor),
  )
  const there = (await readdir(dist))
    .filter((name) => /\.c(?:js|ts)$/.test(name))
    .map((name) => `${dist}/${name}`)
  for (const file of there) if (!wanted.has(file)) await rm(file)
  for (const [file, text] of wanted)
    if (!there.includes(file) || (await readFile(file, 'utf8')) !== text) await writeFile(file, text)
}

for (const published of await publishedPackages()) await write(published)
