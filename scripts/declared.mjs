// What a file of declarations exports, wherever it is declared, read from its syntax alone.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseSync, visitorKeys } from 'oxc-parser'
import { doorsOf, publishedPackages } from './published.mjs'

/**
 * @typedef {import('oxc-parser').Node} Node
 * @typedef {import('oxc-parser').Statement} Statement
 * @typedef {import('oxc-parser').Declaration} Declaration
 * @typedef {import('oxc-parser').ModuleExportName} ModuleExportName
 * @typedef {import('oxc-parser').TSTypeParameterDeclaration} Parameters
 *
 * @typedef {object} Export what a name stands for
 * @property {boolean} isValue
 * @property {boolean} isType a class is both
 * @property {boolean} [isForeign] comes from a package that is not ours, so that no more is known of it
 * @property {string} doc its docstring, with the line break behind it; empty where there is none
 * @property {(qualify: (name: string) => string) => string} parameters of a type: `<T extends Key>`, or nothing
 * @property {string} args the same, to be handed on: `<T>`, or nothing
 * @property {Exports} [members] of a namespace
 *
 * @typedef {ReadonlyMap<string, Export>} Exports by name
 *
 * @typedef {object} Source
 * @property {string} path
 * @property {string} text
 * @property {readonly Statement[]} body
 * @property {ReadonlyMap<number, string>} docs docstrings by where they end
 */

const doors = (await publishedPackages()).flatMap(doorsOf)
/** @type {Map<string, Exports>} */
const known = new Map()

/**
 * @param {string} path
 * @returns {Source}
 */
function read(path) {
  const text = readFileSync(path, 'utf8')
  const { program, comments, errors } = parseSync(path, text, { sourceType: 'module' })
  const [error] = errors
  if (error) throw new SyntaxError(`${path}: ${error.message}`)
  const docs = comments.filter(({ type, value }) => type === 'Block' && value.startsWith('*'))
  return {
    path,
    text,
    body: program.body,
    docs: new Map(docs.map(({ start, end }) => [end, `${text.slice(start, end)}\n`])),
  }
}

/**
 * All that a file of declarations exports, wherever it is declared. A name of the file's own goes before one that
 * comes through `export *`.
 *
 * @param {string} path
 * @returns {Exports}
 */
export function exportsOf(path) {
  const before = known.get(path)
  if (before) return before
  const source = read(path)
  const declared = declarationsOf(source)
  /** @type {Map<string, Export>} */
  const exported = new Map()
  known.set(path, exported)
  for (const [name, one] of source.body.flatMap((statement) => namedExports(source, statement, declared)))
    exported.set(name, one)
  for (const statement of source.body)
    if (statement.type === 'ExportAllDeclaration' && statement.exported === null)
      for (const [name, one] of allOf(source, statement.source.value))
        if (!exported.has(name) && name !== 'default')
          exported.set(name, statement.exportKind === 'type' ? asType(one) : one)
  return exported
}

/**
 * @param {Source} source
 * @param {Statement} statement
 * @param {Exports} declared
 * @returns {readonly (readonly [string, Export])[]}
 */
function namedExports(source, statement, declared) {
  if (statement.type === 'ExportAllDeclaration') {
    if (statement.exported === null) return []
    const members = allOf(source, statement.source.value)
    return [[nameOf(statement.exported), { ...plain, isValue: true, isType: true, members }]]
  }
  if (statement.type === 'ExportDefaultDeclaration' || statement.type === 'TSExportAssignment')
    throw new SyntaxError(`${source.path}: a default export would mean something else to a CommonJS module`)
  if (statement.type !== 'ExportNamedDeclaration') return []
  const names = statement.declaration ? namesOf(source, statement.declaration) : []
  const from = statement.source?.value
  return [
    ...names.map((name) => /** @type {const} */ ([name, found(source, name, declared)])),
    ...statement.specifiers.map(({ local, exported, exportKind }) => {
      const name = nameOf(local)
      const one = from ? taken(source, from, name) : (declared.get(name) ?? imported(source, name))
      const isType = statement.exportKind === 'type' || exportKind === 'type'
      return /** @type {const} */ ([nameOf(exported), isType ? asType(one) : one])
    }),
  ]
}

/**
 * What a file imports under a name, to export it.
 *
 * @param {Source} source
 * @param {string} name
 * @returns {Export}
 */
function imported(source, name) {
  for (const statement of source.body) {
    const specifiers = statement.type === 'ImportDeclaration' ? statement.specifiers : []
    const specifier = specifiers.find(({ local }) => local.name === name)
    if (statement.type !== 'ImportDeclaration' || specifier?.type !== 'ImportSpecifier') continue
    return taken(source, statement.source.value, nameOf(specifier.imported))
  }
  return found(source, name, new Map())
}

/** @type {Export} */
const plain = { isValue: false, isType: false, doc: '', parameters: () => '', args: '' }

/**
 * @param {Export} one
 * @returns {Export}
 */
const asType = (one) => ({ ...one, isValue: false, isType: true })

/**
 * @param {Source} source
 * @param {string} name
 * @param {Exports} among
 */
function found({ path }, name, among) {
  const one = among.get(name)
  if (one === undefined) throw new SyntaxError(`${path}: where "${name}" is declared can't be told`)
  return one
}

/** @param {ModuleExportName} name */
const nameOf = (name) => (name.type === 'Literal' ? name.value : name.name)

/**
 * One name of another file.
 *
 * @param {Source} source
 * @param {string} specifier
 * @param {string} name
 * @returns {Export}
 */
function taken(source, specifier, name) {
  const file = fileOf(source, specifier)
  if (file !== undefined) return found(source, name, exportsOf(file))
  // With `isolatedModules`, a type would be exported as one.
  return { ...plain, isValue: true, isForeign: true }
}

/**
 * All names of another file.
 *
 * @param {Source} source
 * @param {string} specifier
 */
function allOf(source, specifier) {
  const file = fileOf(source, specifier)
  if (file === undefined) throw new SyntaxError(`${source.path}: what ${specifier} exports can't be told`)
  return exportsOf(file)
}

/**
 * The declarations that a specifier leads to; `undefined` for a package that is not ours.
 *
 * @param {Source} source
 * @param {string} specifier
 */
function fileOf({ path }, specifier) {
  if (specifier.startsWith('.')) return resolve(path, '..', specifier).replace(/\.[tj]s$/, '.d.ts')
  return doors.find((one) => one.specifier === specifier)?.types
}

/**
 * What a file declares, exported or not.
 *
 * @param {Source} source
 * @returns {Exports}
 */
function declarationsOf(source) {
  /** @type {Map<string, Export>} */
  const declared = new Map()
  for (const statement of source.body) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
    if (declaration === null) continue
    const doc = source.docs.get(source.text.slice(0, statement.start).trimEnd().length) ?? ''
    for (const name of namesOf(source, declaration)) {
      const { isValue, isType, ...before } = declared.get(name) ?? plain
      const as = kindOf(declaration)
      const generic = as.isType && 'typeParameters' in declaration ? declaration.typeParameters : null
      declared.set(name, {
        ...before,
        ...(generic ? { parameters: textOf(source, generic), args: argsOf(generic) } : {}),
        doc: before.doc || doc,
        isValue: isValue || as.isValue,
        isType: isType || as.isType,
      })
    }
  }
  return declared
}

/**
 * The names that a statement declares. Throws for what a door must not have.
 *
 * @param {Source} source
 * @param {Statement | Declaration} statement
 * @returns {readonly string[]}
 */
function namesOf({ path }, statement) {
  switch (statement.type) {
    case 'VariableDeclaration':
      return statement.declarations.flatMap(({ id }) => (id.type === 'Identifier' ? id.name : []))
    case 'FunctionDeclaration':
    case 'TSDeclareFunction':
    case 'ClassDeclaration':
      return statement.id ? [statement.id.name] : []
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return [statement.id.name]
    case 'TSEnumDeclaration':
      throw new SyntaxError(`${path}: an enum has no declaration for CommonJS; a union of literals has`)
    case 'TSModuleDeclaration':
      if (statement.kind !== 'namespace') return []
      throw new SyntaxError(`${path}: a namespace has no declaration for CommonJS; \`export * as\` has`)
    default:
      return []
  }
}

/** @param {Statement | Declaration} declaration */
function kindOf({ type }) {
  const isType = ['ClassDeclaration', 'TSInterfaceDeclaration', 'TSTypeAliasDeclaration'].includes(type)
  return { isType, isValue: !isType || type === 'ClassDeclaration' }
}

/**
 * Type parameters as they stand in the source, but for the types that they name.
 *
 * @param {Source} source
 * @param {Parameters} parameters
 * @returns {Export['parameters']}
 */
function textOf({ text }, parameters) {
  const own = new Set(parameters.params.map(({ name }) => name.name))
  const named = nodesBelow(parameters).flatMap((node) =>
    node.type === 'TSTypeReference' && node.typeName.type === 'Identifier' && !own.has(node.typeName.name)
      ? node.typeName
      : [],
  )
  return (qualify) => {
    const whole = text.slice(0, parameters.end)
    return named
      .toSorted((one, other) => other.start - one.start)
      .reduce((all, { start, end, name }) => all.slice(0, start) + qualify(name) + all.slice(end), whole)
      .slice(parameters.start)
  }
}

/**
 * @param {Node} node
 * @returns {readonly Node[]}
 */
function nodesBelow(node) {
  /** @type {Map<string, Node | null | (Node | null)[]>} */
  const fields = new Map(Object.entries(node))
  const children = (visitorKeys[node.type] ?? []).flatMap((key) => fields.get(key) ?? [])
  return [node, ...children.flatMap((child) => (child === null ? [] : nodesBelow(child)))]
}

/** @param {Parameters} parameters */
const argsOf = ({ params }) => `<${params.map(({ name }) => name.name).join(', ')}>`
