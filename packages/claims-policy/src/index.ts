export { type ClaimsPolicy, type ClaimsVerdict, judgeClaims } from './judge.ts'
export type { Leak, LeakKind } from './leak.ts'
