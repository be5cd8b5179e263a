import type { Node } from 'oxc-parser'
import { lastName, memberName } from '../expressions.ts'
import type { Fault, Rule } from './rule.ts'

const GATE = 'packages/core/src/gate/'

/** The gate turns requests into calls and results into answers. What happens to a session is up to `sessions`. */
export const handlesSessions: Rule = ({ path, nodes }) =>
  path.startsWith(GATE) ? nodes.flatMap((node) => overstep(node) ?? []) : []

function overstep(node: Node): Fault | undefined {
  if (reachesIntoStore(node)) return { node, says: 'reaches into the store' }
  if (node.type === 'MemberExpression' && lastName(node.object) === 'replica' && memberName(node) === 'add')
    return { node, says: 'adds to the replica' }
  return beginningOf(node)?.startsWith('session.') ? { node, says: 'names a session event' } : undefined
}

/** Accesses a member of something named `store`, or destructures it. */
function reachesIntoStore(node: Node): boolean {
  switch (node.type) {
    case 'MemberExpression':
      return lastName(node.object) === 'store'
    case 'VariableDeclarator':
      return node.id.type === 'ObjectPattern' && node.init !== null && lastName(node.init) === 'store'
    case 'Property':
      return node.value.type === 'ObjectPattern' && lastName(node.key) === 'store'
    default:
      return false
  }
}

/** A string, or what a template begins with. */
function beginningOf(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  const isTemplate = node.type === 'TemplateLiteral' || node.type === 'TSTemplateLiteralType'
  return isTemplate ? (node.quasis[0]?.value.cooked ?? undefined) : undefined
}
