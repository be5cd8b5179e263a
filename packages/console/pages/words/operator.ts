import type { Language } from '../shared/language.ts'
import { actions, events, rules } from './en/events.ts'
import { operator } from './en/operator.ts'
import { shared } from './en/shared.ts'
import { actions as zhActions, events as zhEvents, rules as zhRules } from './zh/events.ts'
import { operator as zhOperator } from './zh/operator.ts'
import { shared as zhShared } from './zh/shared.ts'

const en = { ...shared, ...operator, events, actions, rules }

/** What the operator's page says. A language that lacks something does not compile. */
export type Words = typeof en
export const words: Readonly<Record<Language, Words>> = {
  en,
  zh: { ...zhShared, ...zhOperator, events: zhEvents, actions: zhActions, rules: zhRules },
}
