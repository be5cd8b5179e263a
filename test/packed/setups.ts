import { fileURLToPath } from 'node:url'

/** How a project is set up. */
export interface Setup {
  readonly name: string
  /** The compiler: the path of its program. */
  readonly tsc: string
  /** Whether `package.json` has `"type": "module"`. */
  readonly isModule: boolean
  /** The values with which a program is compiled: `false` also checks what packages declare. */
  readonly skipLibCheck: readonly boolean[]
  /** Whether what comes out is run; set-ups that differ in types only compile to the same code. */
  readonly isRun: boolean
  readonly options: Readonly<Record<string, unknown>>
}

const compiler = (at: string): string =>
  fileURLToPath(new URL(`${at}/node_modules/typescript/bin/tsc`, import.meta.url))
const typescript7 = { tsc: compiler('../..') }
/** The last one with `node10`, and with `esModuleInterop` off unless one asks for it. */
const typescript5 = { tsc: compiler('.') }
const [esm, commonjs] = [{ isModule: true }, { isModule: false }]
const [whole, quick] = [
  { skipLibCheck: [false, true], isRun: true },
  { skipLibCheck: [true], isRun: false },
]

/** The one that takes longest comes first. */
export const setups: readonly Setup[] = [
  {
    ...{ ...typescript5, ...commonjs, ...whole, name: 'node10 as CommonJS' },
    options: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true },
  },
  { ...typescript7, ...esm, ...whole, name: 'nodenext', options: { module: 'nodenext' } },
  {
    ...{ ...typescript7, ...esm, ...whole, name: 'bundler' },
    options: { module: 'esnext', moduleResolution: 'bundler' },
  },
  { ...typescript7, ...commonjs, ...whole, name: 'node16 as CommonJS', options: { module: 'node16' } },
  { ...typescript7, ...commonjs, ...quick, name: 'nodenext as CommonJS', options: { module: 'nodenext' } },
  {
    ...{ ...typescript7, ...commonjs, ...quick, name: 'bundler as CommonJS' },
    options: { module: 'commonjs', moduleResolution: 'bundler' },
  },
  {
    ...{ ...typescript5, ...commonjs, ...quick, name: 'node16 as CommonJS, TypeScript 5.9' },
    options: { module: 'node16' },
  },
]
