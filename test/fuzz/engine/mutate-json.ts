import type { Dice } from './random.ts'

type Place = { readonly within: object; readonly name: string }

const DEEP = 40

const values: readonly ((dice: Dice, old: unknown) => unknown)[] = [
  () => null,
  () => true,
  () => '',
  () => [],
  () => ({}),
  (dice) => dice.pick([0, -0, -1, 1.5, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e21, 1e300, 253402300800]),
  (dice) => dice.pick(['__proto__', 'constructor', '\0', '\ud800', '\u202e', '*', ' ', 'a'.repeat(300), 'é']),
  (_dice, old) => [old],
  (_dice, old) => [old, old],
  (_dice, old) => String(old),
  (_dice, old) => ({ value: old }),
  (_dice, old) => Number(old),
  (dice, old) => (typeof old === 'number' ? old + dice.pick([1, -1, 60, -60, 0.5]) : old),
  (dice, old) => (typeof old === 'string' ? old.slice(dice.below(old.length + 1)) : old),
  (dice, old) => (typeof old === 'string' ? old + dice.pick(['=', '.', '/', ' ', 'A', '\n', '?']) : old),
  (_dice, old) => (typeof old === 'string' ? old.toUpperCase() : old),
  () => JSON.parse('['.repeat(DEEP) + ']'.repeat(DEEP)),
]

/** Changes a value of an input of which some line is JSON; gives others back. */
export function mutateJson(input: Buffer, dice: Dice): Buffer {
  const lines = linesOf(input)
  const at = dice.below(lines.length)
  const line = lines[at]
  if (line === undefined) return input
  lines[at] = mutateLine(line, dice)
  return Buffer.concat(lines)
}

/** With their line breaks. */
function linesOf(input: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let begin = 0
  for (let end = input.indexOf('\n'); end >= 0; end = input.indexOf('\n', begin)) {
    lines.push(input.subarray(begin, end), input.subarray(end, end + 1))
    begin = end + 1
  }
  lines.push(input.subarray(begin))
  return lines
}

function mutateLine(input: Buffer, dice: Dice): Buffer {
  const root: unknown = parsed(input)
  if (typeof root !== 'object' || root === null) return input
  const places = placesIn(root)
  if (places.length === 0) return input
  const { within, name } = dice.pick(places)
  const old: unknown = Reflect.get(within, name)
  switch (dice.below(5)) {
    case 0:
      Reflect.deleteProperty(within, name)
      break
    case 1: {
      const other = dice.pick(places)
      set(within, name, Reflect.get(other.within, other.name))
      break
    }
    case 2:
      set(within, dice.pick([...places.map((place) => place.name), '__proto__', 'constructor']), old)
      break
    default:
      set(within, name, dice.pick(values)(dice, old))
  }
  return Buffer.from(written(root))
}

function parsed(input: Buffer): unknown {
  if (input[0] !== 0x7b && input[0] !== 0x5b) return undefined
  try {
    return JSON.parse(input.toString())
  } catch {
    return undefined
  }
}

/** A value that was put into itself can't be written. */
function written(root: object): string {
  try {
    return JSON.stringify(root)
  } catch {
    return '{}'
  }
}

function set(within: object, name: string, value: unknown): void {
  // An assignment to __proto__ would not make a member.
  Object.defineProperty(within, name, { value, writable: true, enumerable: true, configurable: true })
}

function placesIn(root: object): readonly Place[] {
  const places: Place[] = []
  const open: object[] = [root]
  for (let within = open.pop(); within !== undefined; within = open.pop())
    for (const [name, value] of Object.entries(within)) {
      places.push({ within, name })
      if (typeof value === 'object' && value !== null) open.push(value)
    }
  return places
}
