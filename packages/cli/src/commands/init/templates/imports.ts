import type { Choices } from '../choices.ts'

/** Something that a module of the set-up imports. */
export interface Needed {
  readonly from: string
  readonly whole?: string
  readonly names?: readonly string[]
  /** Imported for types alone, and left out of JavaScript. */
  readonly isType?: true
}

/** The imports of a module, in the form of its language and module system. */
export function importsOf({ language, modules }: Choices, needed: readonly Needed[]): string {
  const isRequired = language === 'js' && modules === 'cjs'
  return needed
    .filter(({ isType }) => language === 'ts' || isType !== true)
    .map((one) => `${isRequired ? requireOf(one) : importOf(one)}\n`)
    .join('')
}

function importOf({ from, whole, names = [], isType }: Needed): string {
  const named = names.length === 0 ? [] : [`{ ${names.join(', ')} }`]
  const bindings = [...(whole === undefined ? [] : [whole]), ...named].join(', ')
  return `import ${isType ? 'type ' : ''}${bindings} from '${from}'`
}

function requireOf({ from, whole, names = [] }: Needed): string {
  return `const ${whole ?? `{ ${names.join(', ')} }`} = require('${from}')`
}

/** A part of the code that only TypeScript has. */
export function typed({ language }: Choices, text: string): string {
  return language === 'ts' ? text : ''
}

/** The beginning of a function that a module exports. In CommonJS, `module.exports` names it. */
export function exportedFunction({ language, modules }: Choices, signature: string): string {
  return language === 'js' && modules === 'cjs' ? signature : `export ${signature}`
}
