import { contestedRefresh, refreshRate, tokenTheft, userRefreshRate } from './refreshes.ts'
import type { AnomalyRule, CountSettings, RuleAlert, RuleResponses } from './rule.ts'
import {
  accountLocked,
  type DaysSettings,
  failedSignIns,
  longSilence,
  newDevice,
  sharedDevice,
} from './sign-ins.ts'
import { refusedTokens, tokenNetworks } from './tokens.ts'
import { impossibleTravel, type TravelSettings } from './travel.ts'

type OrOff<Settings> = Settings | false

/** The parsed options of the library's own rules, by their names. */
export interface RulesSettings {
  readonly failed_sign_ins: OrOff<CountSettings>
  readonly account_locked: OrOff<RuleAlert>
  readonly refresh_rate: OrOff<CountSettings>
  readonly user_refresh_rate: OrOff<CountSettings>
  readonly token_networks: OrOff<CountSettings>
  readonly shared_device: OrOff<CountSettings>
  readonly new_device: OrOff<DaysSettings>
  readonly long_silence: OrOff<DaysSettings>
  readonly contested_refresh: OrOff<CountSettings>
  readonly token_theft: OrOff<RuleResponses>
  readonly refused_tokens: OrOff<CountSettings>
  /** Off unless there is something to locate addresses with. */
  readonly impossible_travel: OrOff<TravelSettings>
}

type Makers = {
  readonly [Name in keyof RulesSettings]: (settings: Exclude<RulesSettings[Name], false>) => AnomalyRule
}

const makers: Makers = {
  failed_sign_ins: failedSignIns,
  account_locked: accountLocked,
  refresh_rate: refreshRate,
  user_refresh_rate: userRefreshRate,
  token_networks: tokenNetworks,
  shared_device: sharedDevice,
  new_device: newDevice,
  long_silence: longSilence,
  contested_refresh: contestedRefresh,
  token_theft: tokenTheft,
  refused_tokens: refusedTokens,
  impossible_travel: impossibleTravel,
}

/** The library's own rules, except those that are off. */
export function builtInRules(settings: RulesSettings): readonly AnomalyRule[] {
  const make = <Name extends keyof RulesSettings>(name: Name): AnomalyRule | undefined => {
    const own = settings[name]
    return own === false ? undefined : makers[name](own as Exclude<RulesSettings[Name], false>)
  }
  return (Object.keys(makers) as (keyof RulesSettings)[]).flatMap((name) => make(name) ?? [])
}
