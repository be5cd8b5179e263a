import type { OwnForms } from '../verify.ts'
import type { TokenForm } from './form.ts'
import { createLookUp, type LookUpParts } from './look-up.ts'

/** How this deployment's tokens are verified if they are not plain JWTs. */
export function ownFormsOf(form: TokenForm, parts: Omit<LookUpParts, 'references'>): OwnForms {
  switch (form.kind) {
    case 'jwt':
      return {}
    case 'encrypted':
      return { encryption: form.encryption }
    case 'reference':
      return { lookUp: createLookUp({ references: form.references, ...parts }) }
  }
}
