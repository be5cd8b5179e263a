import type { CallExpression, Node } from 'oxc-parser'
import { ancestors, isFunction, lastName, memberName, unwrapped, wrapped } from '../expressions.ts'
import type { Source } from '../source.ts'
import { takenFrom, usesOf } from './globals.ts'
import type { Rule } from './rule.ts'

/** A process must be able to exit once its server is closed, so no timer may keep it alive. */
export const heldTimers: Rule = (source) => [
  ...['setTimeout', 'setInterval'].flatMap((name) =>
    usesOf(source, name)
      .filter((timer) => !isReleased(timer, source))
      .map((node) => ({ node, says: `keeps the process alive with ${name}` })),
  ),
  ...takenFrom(source, 'timers'),
  ...takenFrom(source, 'timers/promises'),
]

/** `unref` is called on the timer directly, or later in the same function on the name that it was given. */
function isReleased(timer: Node, source: Source): boolean {
  const call = callOf(timer)
  if (call === undefined) return false
  const name = nameGiven(call)
  return source.nodes.some((node) => {
    if (node.type !== 'MemberExpression' || memberName(node) !== 'unref' || callOf(node) === undefined)
      return false
    const released = unwrapped(node.object)
    if (released === call) return true
    const around = ancestors(call).find(isFunction)
    const isLater = node.start > call.end && (around === undefined || ancestors(node).includes(around))
    return isLater && name !== undefined && lastName(released) === name
  })
}

/** The call in which this is the function. */
function callOf(callee: Node): CallExpression | undefined {
  const { parent } = wrapped(callee)
  return parent?.type === 'CallExpression' && parent.callee === wrapped(callee) ? parent : undefined
}

/** The name of the variable or member that a value is assigned to. */
function nameGiven(value: Node): string | undefined {
  const { parent } = wrapped(value)
  if (parent?.type === 'VariableDeclarator') return lastName(parent.id)
  return parent?.type === 'AssignmentExpression' ? lastName(parent.left) : undefined
}
