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
  readonly options: Readonly<Record<string, unknown>>
}

const compiler = (at: string): string =>
  fileURLToPath(new URL(`${at}/node_modules/typescript/bin/tsc`, import.meta.url))
const typescript7 = { tsc: compiler('../..'), skipLibCheck: [false, true] }
/** The last one with `node10`, and with `esModuleInterop` off unless one asks for it. */
const typescript5 = { tsc: compiler('.'), skipLibCheck: [false, true] }
const [esm, commonjs] = [{ isModule: true }, { isModule: false }]
const alsoQuick = { skipLibCheck: [true] }

export const setups: readonly Setup[] = [
  { ...typescript7, ...esm, name: 'nodenext', options: { module: 'nodenext' } },
  {
    ...{ ...typescript7, ...esm, name: 'bundler' },
    options: { module: 'esnext', moduleResolution: 'bundler' },
  },
  { ...typescript7, ...commonjs, name: 'node16 as CommonJS', options: { module: 'node16' } },
  {
    ...{ ...typescript5, ...commonjs, name: 'node10 as CommonJS' },
    options: { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: true },
  },
  {
    ...{ ...typescript7, ...commonjs, ...alsoQuick, name: 'nodenext as CommonJS' },
    options: { module: 'nodenext' },
  },
  {
    ...{ ...typescript7, ...commonjs, ...alsoQuick, name: 'bundler as CommonJS' },
    options: { module: 'commonjs', moduleResolution: 'bundler' },
  },
  {
    ...{ ...typescript5, ...commonjs, ...alsoQuick, name: 'node16 as CommonJS, TypeScript 5.9' },
    options: { module: 'node16' },
  },
]
