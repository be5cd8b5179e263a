import * as v from 'valibot'
import type { BindingSettings } from '../binding/device.ts'
import { group, oneOf, parse } from './schema.ts'

/**
 * What happens to a session when a component of its device changes. Default: `enforce` for `family`, `system` and
 * `deviceClass`, `observe` for `version`.
 */
export type BindingOptions = {
  readonly [Component in keyof BindingSettings]?: BindingSettings[Component] | undefined
}

const policy = (fallback: 'observe' | 'enforce') => v.optional(oneOf('off', 'observe', 'enforce'), fallback)

const schema = v.object({
  binding: v.optional(
    group({
      family: policy('enforce'),
      system: policy('enforce'),
      deviceClass: policy('enforce'),
      version: policy('observe'),
    }),
    {},
  ),
})

export function parseBinding(given: object): BindingSettings {
  return parse(schema, given).binding
}
