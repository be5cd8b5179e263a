/** A value as CEL has it: its whole numbers are 64 bits wide, which JavaScript has as `bigint`. */
export function celValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(celValue)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const members: Record<string, unknown> = Object.create(null)
  for (const [name, member] of Object.entries(value)) members[name] = celValue(member)
  return members
}
