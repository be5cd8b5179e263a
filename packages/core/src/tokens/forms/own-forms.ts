import type { ApiKeyStore } from '../../ports/optional/api-keys.ts'
import type { OwnForms } from '../verify.ts'
import { createApiKeyLookUp } from './api-key-look-up.ts'
import type { TokenForm } from './form.ts'
import { createLookUp, type LookUpParts } from './look-up.ts'

export interface OwnFormsParts extends Omit<LookUpParts, 'references'> {
  /** `undefined` if the application wants no API keys. */
  readonly apiKeys: ApiKeyStore | undefined
  readonly accessSeconds: number
}

/** How this deployment's tokens are verified if they are not plain JWTs. */
export function ownFormsOf(form: TokenForm, parts: OwnFormsParts): OwnForms {
  const { apiKeys } = parts
  return {
    ...accessTokensOf(form, parts),
    ...(apiKeys === undefined ? {} : { lookUpApiKey: createApiKeyLookUp({ ...parts, store: apiKeys }) }),
  }
}

function accessTokensOf(form: TokenForm, parts: OwnFormsParts): OwnForms {
  switch (form.kind) {
    case 'jwt':
      return {}
    case 'encrypted':
      return { encryption: form.encryption }
    case 'reference':
      return { lookUp: createLookUp({ references: form.references, ...parts }) }
  }
}
