export { run } from './run.ts'
export type { ExitCode, Output, Surroundings } from './surroundings.ts'
