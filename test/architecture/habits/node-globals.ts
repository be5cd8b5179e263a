import type { Node } from 'oxc-parser'
import { memberName, memberOf, wrapped } from '../expressions.ts'
import type { Source } from '../source.ts'
import { globalObjects, misuses, takenFrom, usesOf } from './globals.ts'
import type { Fault, Rule } from './rule.ts'

const CORE = 'packages/core/src/'
const COMPOSITION_ROOT = `${CORE}sallyport.ts`
/** A program, whose process is its own. It hands its arguments and variables on. */
const PROGRAM = 'packages/cli/src/main.ts'
/** The places where time and chance enter a package. */
const SOURCES_OF_TIME_AND_CHANCE: readonly string[] = [
  ...[
    COMPOSITION_ROOT,
    `${CORE}system.ts`,
    'packages/client/src/system.ts',
    'packages/cli/src/system.ts',
    'packages/console/src/system.ts',
    'packages/signals/src/system.ts',
    'packages/testing/src/system.ts',
  ],
]

export const usesConsole: Rule = (source) => [
  ...usesOf(source, 'console').map((node) => ({ node, says: 'uses console' })),
  ...takenFrom(source, 'console'),
]

/** The composition root may ask once whether this is production; nothing else depends on the environment. */
export const readsEnvironment: Rule = (source) => {
  if (source.path === PROGRAM) return []
  const reads = [
    // `getBuiltinModule` returns any module of Node.js, `process` among them, without an import.
    ...misuses(source, 'process', ['env', 'getBuiltinModule']),
    ...globalObjects.flatMap((name) => misuses(source, name, [])),
  ]
  const allowed = source.path === COMPOSITION_ROOT ? reads.find(({ node }) => asksForMode(node)) : undefined
  return [...reads.filter((one) => one !== allowed), ...takenFrom(source, 'process')]
}

function asksForMode(process: Node): boolean {
  const env = memberOf(process)
  const mode = env && memberName(env) === 'env' ? memberOf(env) : undefined
  return mode !== undefined && memberName(mode) === 'NODE_ENV'
}

/** Code that needs time or chance is given a `Clock` or a `Random`, so that a test can control them. */
export const takesTimeOrChance: Rule = (source) => {
  if (SOURCES_OF_TIME_AND_CHANCE.includes(source.path)) return []
  return [
    ...misuses(source, 'Math', ['random']),
    ...misuses(source, 'crypto', ['randomUUID']),
    ...(source.path.startsWith(CORE) ? elapsedTime(source) : []),
    ...datesOfNow(source),
    ...takenFrom(source, 'crypto', ['randomUUID', 'webcrypto', 'default', '*']),
  ]
}

/** Drivers outside the core measure by it how long their own servers take, which no turned clock may change. */
function elapsedTime(source: Source): Fault[] {
  return [...misuses(source, 'performance', ['now']), ...takenFrom(source, 'perf_hooks')]
}

/** `new Date(x)` and `x instanceof Date` do not read the clock. */
function datesOfNow(source: Source): Fault[] {
  return misuses(source, 'Date', ['now']).flatMap((fault) => {
    const date = wrapped(fault.node)
    const { parent } = date
    if (parent?.type === 'BinaryExpression' && parent.operator === 'instanceof') return []
    if (parent?.type !== 'NewExpression' || parent.callee !== date) return [fault]
    return parent.arguments.length > 0 ? [] : [{ node: parent, says: 'creates a Date of the current time' }]
  })
}
