import { type Comment, type Node, type Program, parseSync, type Span, visitorKeys } from 'oxc-parser'
import { type Import, importsOf } from './imports.ts'

/** A file of TypeScript, parsed. */
export interface Source {
  /** Relative to the root of the repository, such as `packages/core/src/index.ts`. */
  readonly path: string
  readonly text: string
  readonly program: Program
  /** All nodes of the syntax tree, each with its `parent`, in the order of the text. */
  readonly nodes: readonly Node[]
  readonly comments: readonly Comment[]
  readonly imports: readonly Import[]
}

/** Throws a `SyntaxError` if the text is not TypeScript. */
export function parseSource(path: string, text: string): Source {
  const { program, comments, errors } = parseSync(path, text, { sourceType: 'module', preserveParens: false })
  const [error] = errors
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`)
  const nodes = nodesBelow(program)
  return { path, text, program, nodes, comments, imports: importsOf(nodes) }
}

/** The number of the line on which a node begins. */
export function lineOf(source: Source, { start }: Span): number {
  return source.text.slice(0, start).split('\n').length
}

export function lineCount({ text }: Source): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

function nodesBelow(root: Node): Node[] {
  const nodes: Node[] = []
  const visit = (node: Node): void => {
    nodes.push(node)
    for (const child of childrenOf(node)) {
      Object.assign(child, { parent: node })
      visit(child)
    }
  }
  visit(root)
  return nodes
}

function childrenOf(node: Node): Node[] {
  const fields = new Map<string, Node | null | (Node | null)[]>(Object.entries(node))
  return (visitorKeys[node.type] ?? [])
    .flatMap((key) => fields.get(key) ?? [])
    .filter((child) => child !== null)
}
