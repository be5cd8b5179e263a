import type { MemberExpression, Node } from 'oxc-parser'

/** The value of a string literal, or of a template without substitutions. */
export function stringOf(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  if (node?.type !== 'TemplateLiteral' || node.expressions.length > 0) return undefined
  return node.quasis[0]?.value.cooked ?? undefined
}

/** The `b` of `a.b`, `a?.b`, `a['b']` and `a.#b`; `undefined` where the name is computed. */
export function memberName(member: MemberExpression): string | undefined {
  return member.computed ? stringOf(member.property) : member.property.name
}

/** The `a` of `a` and of `b.a`. */
export function lastName(node: Node): string | undefined {
  const value = unwrapped(node)
  if (value.type === 'Identifier') return value.name
  return value.type === 'MemberExpression' ? memberName(value) : undefined
}

/** The expression that the value comes from: the `a` of `a!`, `a as B`, `a satisfies B` and `(0, a)`. */
export function unwrapped(node: Node): Node {
  switch (node.type) {
    case 'ChainExpression':
    case 'TSAsExpression':
    case 'TSNonNullExpression':
    case 'TSSatisfiesExpression':
    case 'TSTypeAssertion':
    case 'TSInstantiationExpression':
      return unwrapped(node.expression)
    case 'SequenceExpression':
      return unwrapped(node.expressions.at(-1) ?? node)
    default:
      return node
  }
}

/** The opposite: the outermost expression that has the value of this one, such as the `a!` around `a`. */
export function wrapped(node: Node): Node {
  const { parent } = node
  return parent && unwrapped(parent) === unwrapped(node) ? wrapped(parent) : node
}

/** The `a.b` of which this is the `a`. */
export function memberOf(node: Node): MemberExpression | undefined {
  const object = wrapped(node)
  const { parent } = object
  return parent?.type === 'MemberExpression' && parent.object === object ? parent : undefined
}

export function isFunction({ type }: Node): boolean {
  return type === 'FunctionDeclaration' || type === 'FunctionExpression' || type === 'ArrowFunctionExpression'
}

/** The nodes around a node, from the inside out. */
export function ancestors({ parent }: Node): Node[] {
  return parent ? [parent, ...ancestors(parent)] : []
}
