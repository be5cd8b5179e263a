import type { ExportSpecifier, ImportDeclarationSpecifier, ModuleExportName, Node } from 'oxc-parser'
import { stringOf } from './expressions.ts'

export interface Import {
  readonly node: Node
  /** The string it is imported from; `undefined` where that is computed. */
  readonly from: string | undefined
  /** Nothing of it is left at run time. */
  readonly typesOnly: boolean
  /** The names of the values that it imports; `*` stands for all of them. */
  readonly names: readonly string[]
}

/** All imports: statements, re-exports, `import()` of values and of types, module augmentations, `require()`. */
export function importsOf(nodes: readonly Node[]): Import[] {
  return nodes.flatMap((node): Import | [] => {
    switch (node.type) {
      case 'ImportDeclaration':
        return statement(node, node.source.value, node.importKind === 'type', node.specifiers)
      case 'ExportNamedDeclaration':
        if (node.source === null) return []
        return statement(node, node.source.value, node.exportKind === 'type', node.specifiers)
      case 'ExportAllDeclaration':
        return { node, from: node.source.value, typesOnly: node.exportKind === 'type', names: ['*'] }
      case 'ImportExpression':
        return { node, from: stringOf(node.source), typesOnly: false, names: ['*'] }
      case 'TSImportType':
        return { node, from: node.source.value, typesOnly: true, names: [] }
      case 'TSExternalModuleReference':
        return { node, from: node.expression.value, typesOnly: false, names: ['*'] }
      case 'TSModuleDeclaration':
        return node.id.type === 'Literal' ? { node, from: node.id.value, typesOnly: true, names: [] } : []
      case 'CallExpression':
        if (node.callee.type !== 'Identifier' || node.callee.name !== 'require') return []
        return { node, from: stringOf(node.arguments[0]), typesOnly: false, names: ['*'] }
      default:
        return []
    }
  })
}

type Specifier = ImportDeclarationSpecifier | ExportSpecifier

/** `import {} from` loads the module, so it is more than an import of types. */
function statement(node: Node, from: string, isType: boolean, specifiers: readonly Specifier[]): Import {
  const values = specifiers.filter((one) => !isType && !isTypeSpecifier(one))
  const typesOnly = isType || (specifiers.length > 0 && values.length === 0)
  return { node, from, typesOnly, names: values.map(importedName) }
}

function isTypeSpecifier(specifier: Specifier): boolean {
  if (specifier.type === 'ImportSpecifier') return specifier.importKind === 'type'
  return specifier.type === 'ExportSpecifier' && specifier.exportKind === 'type'
}

function importedName(specifier: Specifier): string {
  if (specifier.type === 'ImportDefaultSpecifier') return 'default'
  if (specifier.type === 'ImportNamespaceSpecifier') return '*'
  return exportName(specifier.type === 'ImportSpecifier' ? specifier.imported : specifier.local)
}

function exportName(name: ModuleExportName): string {
  return name.type === 'Literal' ? name.value : name.name
}
