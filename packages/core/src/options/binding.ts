import * as v from 'valibot'
import type { BindingSettings } from '../binding/device.ts'
import { type Entries, group, oneOf, type Room, room } from './values/schema.ts'

/** How devices are recognised. */
export interface WithBinding {
  readonly binding?: BindingOptions | undefined
}

/**
 * What happens to a session when a component of its device changes. Default: `enforce` for `family`, `system` and
 * `deviceClass`, `observe` for `version`.
 */
export type BindingOptions = {
  readonly [Component in keyof BindingSettings]?: BindingSettings[Component] | undefined
}

const policy = (fallback: 'observe' | 'enforce') => v.optional(oneOf('off', 'observe', 'enforce'), fallback)

const entries = {
  binding: v.optional(
    group({
      family: policy('enforce'),
      system: policy('enforce'),
      deviceClass: policy('enforce'),
      version: policy('observe'),
    }),
    {},
  ),
} satisfies Entries<WithBinding>

export const bindingRoom: Room<{ readonly binding: BindingSettings }> = room(entries, (settings) => settings)
