import type { Language } from '../shared/language.ts'
import { account } from './en/account.ts'
import { happenings } from './en/happenings.ts'
import { shared } from './en/shared.ts'
import { account as zhAccount } from './zh/account.ts'
import { happenings as zhHappenings } from './zh/happenings.ts'
import { shared as zhShared } from './zh/shared.ts'

const en = { ...shared, ...account, happenings }

/** What the account page says. A language that lacks something does not compile. */
export type Words = typeof en
export const words: Readonly<Record<Language, Words>> = {
  en,
  zh: { ...zhShared, ...zhAccount, happenings: zhHappenings },
}
