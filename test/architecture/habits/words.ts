import type { Node } from 'oxc-parser'
import { coreDoors } from '../directions.ts'
import type { Rule } from './rule.ts'

export const usesAny: Rule = ({ nodes }) =>
  nodes.filter(({ type }) => type === 'TSAnyKeyword').map((node) => ({ node, says: 'uses any' }))

export const usesEnum: Rule = ({ nodes }) =>
  nodes.filter(({ type }) => type === 'TSEnumDeclaration').map((node) => ({ node, says: 'uses enum' }))

export const silencers: Rule = ({ comments }) =>
  comments
    .filter(({ value }) => /@ts-(ignore|expect-error|nocheck)/.test(value))
    .map((node) => ({ node, says: 'silences the compiler' }))

/** A door shows what there is; the code itself belongs behind it. */
export const busyDoors: Rule = ({ path, program }) => {
  const isDoor = Object.keys(coreDoors).some((name) => path === `packages/core/src/${name}.ts`)
  return (isDoor ? program.body : [])
    .filter((statement) => !isReExport(statement))
    .map((node) => ({ node, says: 'does more than re-export' }))
}

function isReExport(statement: Node): boolean {
  if (statement.type === 'ExportNamedDeclaration') return statement.source !== null
  return statement.type === 'ExportAllDeclaration'
}
