import type { Node } from 'oxc-parser'
import { ancestors, isFunction, lastName, wrapped } from '../expressions.ts'
import type { Fault, Rule } from './rule.ts'

/** A PKCS#11 library is initialised once per process, so its users are counted per process. */
const PROCESS_WIDE = 'packages/pkcs11/src/library.ts'
const COLLECTIONS: ReadonlySet<string> = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Array', 'LRUCache'])
const READONLY: ReadonlySet<string> = new Set(
  'ReadonlyMap ReadonlySet ReadonlyArray Readonly const'.split(' '),
)

/** Two instances of Sallyport in one process must not share anything. */
export const moduleState: Rule = ({ path, nodes }) =>
  path === PROCESS_WIDE ? [] : nodes.flatMap((node) => (isEvaluatedOnLoad(node) ? (stateIn(node) ?? []) : []))

function stateIn(node: Node): Fault | undefined {
  switch (node.type) {
    case 'VariableDeclaration':
      if (node.kind === 'const' || node.parent?.type.startsWith('For')) return undefined
      return { node, says: `has a ${node.kind} at its top level` }
    case 'PropertyDefinition':
    case 'AccessorProperty':
      return node.static && !node.readonly ? { node, says: 'has a mutable static field' } : undefined
    case 'NewExpression':
      return COLLECTIONS.has(lastName(node.callee) ?? '') ? collection(node) : undefined
    case 'ArrayExpression':
      return node.elements.length === 0 && isNamed(node) ? collection(node) : undefined
    default:
      return undefined
  }
}

function collection(node: Node): Fault | undefined {
  const isProtected = ancestors(node).some((holder) => isReadonly(writtenType(holder)))
  return isProtected ? undefined : { node, says: 'has a mutable collection at its top level' }
}

/** Functions and instance fields are evaluated later. */
function isEvaluatedOnLoad(node: Node): boolean {
  return !ancestors(node).some((around) => {
    const isField = around.type === 'PropertyDefinition' || around.type === 'AccessorProperty'
    return isFunction(around) || (isField && !around.static)
  })
}

/** An empty array with a name of its own is there to be filled; elsewhere it is a default. */
function isNamed(array: Node): boolean {
  const holder = wrapped(array).parent?.type
  return holder === 'VariableDeclarator' || holder === 'PropertyDefinition'
}

function writtenType(holder: Node): Node | null | undefined {
  switch (holder.type) {
    case 'VariableDeclarator':
      return holder.id.typeAnnotation?.typeAnnotation
    case 'PropertyDefinition':
      return holder.typeAnnotation?.typeAnnotation
    case 'TSAsExpression':
      return holder.typeAnnotation
    default:
      return undefined
  }
}

function isReadonly(type: Node | null | undefined): boolean {
  if (type?.type === 'TSTypeOperator') return type.operator === 'readonly'
  return type?.type === 'TSTypeReference' && READONLY.has(lastName(type.typeName) ?? '')
}
