export { ConfigError } from '@sallyport/core/sink'
export { type Console, createConsole } from './console.ts'
export type { ConsoleOptions, DemoUsers, OperatorOptions } from './options.ts'
