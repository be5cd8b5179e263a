import { handlesSessions } from './habits/gate.ts'
import { moduleState } from './habits/module-state.ts'
import { readsEnvironment, takesTimeOrChance, usesConsole } from './habits/node-globals.ts'
import { each } from './habits/rule.ts'
import { fullFolders, longFiles, thickAdapters } from './habits/sizes.ts'
import { heldTimers } from './habits/timers.ts'
import { busyDoors, silencers, usesAny, usesEnum } from './habits/words.ts'
import type { Source } from './source.ts'

/** How the code of the packages is not written: each rule is named after what it forbids. */
export const habits: Readonly<Record<string, (sources: readonly Source[]) => string[]>> = {
  'files of more than 250 lines': longFiles,
  'core folders of more than twelve files': fullFolders,
  'adapters of more than 120 lines': thickAdapters,
  'core doors that do more than re-export': each(busyDoors),
  'session handling in the gate': each(handlesSessions),
  any: each(usesAny),
  enum: each(usesEnum),
  console: each(usesConsole),
  'comments that silence the compiler': each(silencers),
  'reads of the environment': each(readsEnvironment),
  'time or chance of their own': each(takesTimeOrChance),
  'timers that keep a process alive': each(heldTimers),
  'state of a module': each(moduleState),
}
