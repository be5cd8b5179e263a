// The licences under which somebody who installs our packages gets code, ours and others'.

/**
 * Permissive ones, as SPDX names them. Whatever else appears has to be looked at by a person.
 */
export const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
])

/**
 * @typedef {object} Component
 * @property {string} name
 * @property {string} version
 * @property {readonly { license?: { id?: string, name?: string }, expression?: string }[]} [licenses]
 */

/**
 * One line for each component of a CycloneDX document whose licence is not allowed.
 *
 * @param {{ components: readonly Component[] }} bom
 * @returns {readonly string[]}
 */
export function faultsOfLicences({ components }) {
  return components.flatMap(({ name, version, licenses = [] }) => {
    const names = licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name)
    const isFine = names.length > 0 && names.every((one) => one !== undefined && isAllowed(one))
    return isFine ? [] : [`${name}@${version}: ${names.join(', ') || 'no licence'}`]
  })
}

/** @param {string} expression such as `(MIT OR Apache-2.0)` */
function isAllowed(expression) {
  return expression
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((one) => ALLOWED.has(one.trim()))
}
