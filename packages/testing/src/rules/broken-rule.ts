import { SallyportError } from '@sallyport/core'

/** A rule that was judged, and holds. */
export interface JudgedRule {
  /** Its name, such as `one_line`. */
  readonly rule: string
  /** What must hold, in one sentence. */
  readonly holds: string
}

/** What was judged. */
export interface Verdict {
  /** The rules, all of which hold. */
  readonly rules: readonly JudgedRule[]
}

/** A rule that does not hold. */
export interface BrokenRule extends JudgedRule {
  /** What was seen instead. */
  readonly seen: string
}

/** The application breaks a rule of Sallyport: it signs people out, or lets in who should be out. */
export class BrokenRuleError extends SallyportError {
  override readonly name = 'BrokenRuleError'
  readonly code = 'ERR_BROKEN_RULE'
  readonly broken: readonly BrokenRule[]

  /** @param by what judged, such as `refreshStorm` */
  constructor(by: string, broken: readonly BrokenRule[], judged: number) {
    const lines = broken.map(({ rule, holds, seen }) => `\n- ${rule}: ${holds}.\n  Seen: ${seen}.`)
    super(`${by}: ${broken.length} of ${judged} rules do not hold${lines.join('')}`)
    this.broken = broken
  }
}

/** One rule, and how to find out whether it holds. */
export interface Rule<Stage> extends JudgedRule {
  /** Resolves to what was seen instead, as a clause; to `undefined` if the rule holds. */
  judge(stage: Stage): Promise<string | undefined>
}

/** Judges rules one after the other. Rejects with a `BrokenRuleError` that names all that do not hold. */
export async function judgeAll<Stage>(
  by: string,
  rules: readonly Rule<Stage>[],
  stage: Stage,
): Promise<readonly JudgedRule[]> {
  const broken: BrokenRule[] = []
  for (const { rule, holds, judge } of rules) {
    const seen = await judge(stage)
    if (seen !== undefined) broken.push({ rule, holds, seen })
  }
  if (broken.length > 0) throw new BrokenRuleError(by, broken, rules.length)
  return rules.map(({ rule, holds }) => ({ rule, holds }))
}
