import type { Node } from 'oxc-parser'
import { memberName, memberOf, unwrapped } from '../expressions.ts'
import type { Source } from '../source.ts'
import type { Fault } from './rule.ts'

export interface Misuse extends Fault {
  readonly node: Node
}

export const globalObjects: readonly string[] = ['globalThis', 'global']

/**
 * The uses of a global that name one of the members, or none: code that copies a global, destructures it or
 * computes the name of a member could be after any of them.
 */
export function misuses(source: Source, global: string, members: readonly string[]): Misuse[] {
  return usesOf(source, global).flatMap((node) => {
    const member = memberOf(node)
    const name = member && memberName(member)
    if (name === undefined) return [{ node, says: `uses ${global} as a whole` }]
    return members.includes(name) ? [{ node, says: `uses ${global}.${name}` }] : []
  })
}

/** The uses of a global, by its name or as a member of `globalThis`. A local variable of that name counts too. */
export function usesOf({ nodes }: Source, name: string): Node[] {
  return nodes.filter((node) => isGlobal(node, name))
}

/** The imports of values from a module of Node.js: of the given names, or of anything. */
export function takenFrom({ imports }: Source, module: string, names?: readonly string[]): Fault[] {
  return imports
    .filter(({ from, typesOnly }) => !typesOnly && from?.replace(/^node:/, '') === module)
    .filter((one) => names === undefined || one.names.some((name) => names.includes(name)))
    .map(({ node, names: taken }) => ({ node, says: `imports ${taken.join(', ')} from ${module}` }))
}

function isGlobal(node: Node, name: string): boolean {
  if (node.type === 'Identifier') return node.name === name && isVariable(node)
  if (node.type !== 'MemberExpression' || memberName(node) !== name) return false
  const object = unwrapped(node.object)
  return globalObjects.some((one) => isGlobal(object, one))
}

/** Whether an identifier is a variable that is used, rather than the name of a member, a type or an import. */
function isVariable(node: Node): boolean {
  const { parent } = node
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.computed || parent.object === node
    case 'Property':
      if (parent.key === node) return parent.computed
      return parent.parent?.type === 'ObjectExpression'
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
      return parent.computed || parent.value === node
    case 'VariableDeclarator':
      return parent.init === node
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return false
    case 'ExportSpecifier':
      return (
        parent.local === node && parent.parent?.type === 'ExportNamedDeclaration' && !parent.parent.source
      )
    default:
      return !parent?.type.startsWith('TS') || unwrapped(parent) !== parent
  }
}
