export { ConfigError } from '@sallyport/core/sink'
export type { Fields } from './fields.ts'
export { type AnswerHeaders, createSecurityHeaders, type Exchange, type SecurityHeaders } from './headers.ts'
export type {
  CspOptions,
  EmbedderPolicy,
  HstsOptions,
  OpenerPolicy,
  ReferrerPolicy,
  ReportOptions,
  ResourcePolicy,
  SecurityHeadersOptions,
  Sources,
} from './options.ts'
export type { AllowList, PowerfulFeature } from './permissions.ts'
export type { ReportAnswer } from './reports/endpoint.ts'
export type { CspReport, CspSource } from './reports/read.ts'
