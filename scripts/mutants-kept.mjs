// A reporter of Stryker, which itself keeps results only when a run has ended: this one keeps them meanwhile, in the same file
// and form, so that a run that breaks off need not begin again.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve, sep } from 'node:path'
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin'

const EVERY_MS = 20_000

/**
 * @typedef {import('@stryker-mutator/api/report').Reporter} Reporter
 * @typedef {import('@stryker-mutator/api/core').StrykerOptions} StrykerOptions
 * @typedef {import('@stryker-mutator/api/core').schema.FileResult} FileResult
 * @typedef {import('@stryker-mutator/api/core').schema.TestFile} TestFile
 */

/** @implements {Reporter} */
class Kept {
  static inject = tokens(commonTokens.options)
  /** @type {Map<string, FileResult>} */
  #files = new Map()
  /** @type {Map<string, TestFile>} */
  #testFiles = new Map()
  #keptAt = 0
  #file
  #copies

  /** @param {StrykerOptions} options */
  constructor({ incrementalFile, tempDirName }) {
    this.#file = incrementalFile
    this.#copies = `${resolve(tempDirName)}${sep}`
  }

  /** @param {import('@stryker-mutator/api/report').DryRunCompletedEvent} event */
  onDryRunCompleted({ result }) {
    for (const { id, name, fileName = '' } of result.tests) {
      const file = this.#nameOf(fileName)
      const tests = this.#testFiles.get(file)?.tests ?? []
      if (tests.length === 0) this.#testFiles.set(file, { tests, source: readFileSync(file, 'utf8') })
      tests.push({ id, name })
    }
  }

  /** @param {import('@stryker-mutator/api/core').MutantResult} result */
  onMutantTested({ fileName, ...mutant }) {
    const file = this.#nameOf(fileName)
    const mutants = this.#files.get(file)?.mutants ?? []
    if (mutants.length === 0)
      this.#files.set(file, { language: 'typescript', source: readFileSync(file, 'utf8'), mutants })
    mutants.push(mutant)
    if (Date.now() - this.#keptAt > EVERY_MS) this.#keep()
  }

  /** @param {string} path in the project, or in the copy of it that is tested */
  #nameOf(path) {
    if (!path.startsWith(this.#copies)) return relative('', path)
    return path.slice(this.#copies.length).split(sep).slice(1).join('/')
  }

  #keep() {
    this.#keptAt = Date.now()
    mkdirSync(dirname(this.#file), { recursive: true })
    const report = {
      schemaVersion: '1.0',
      thresholds: { high: 90, low: 90 },
      files: Object.fromEntries(this.#files),
      testFiles: Object.fromEntries(this.#testFiles),
    }
    writeFileSync(`${this.#file}.new`, JSON.stringify(report))
    renameSync(`${this.#file}.new`, this.#file)
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Reporter, 'kept', Kept)]
