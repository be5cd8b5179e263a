import type { SallyportOptions } from '@sallyport/core'
import { optionsFor } from './options.ts'

// What the command line takes as --config. It needs the variables of the server.
export default (): SallyportOptions => optionsFor(process.env)
