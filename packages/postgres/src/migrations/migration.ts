/** A step from one state of the tables to the next. It is never changed once it was released. */
export interface Migration {
  /** Counts from 1. */
  readonly id: number
  readonly name: string
  /** Its statements, for tables in the schema with this quoted name. */
  readonly statements: (schema: string) => readonly string[]
}
