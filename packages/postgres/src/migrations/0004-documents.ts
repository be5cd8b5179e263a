import type { Migration } from './migration.ts'

/** What is set up while processes run: documents, and sets that belong to them. */
export const documents: Migration = {
  id: 4,
  name: 'documents',
  statements: (schema) => [
    `CREATE TABLE ${schema}.documents (
  name text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  body text NOT NULL
)`,
    `CREATE TABLE ${schema}.document_members (
  set_name text COLLATE "C" NOT NULL,
  member text COLLATE "C" NOT NULL,
  PRIMARY KEY (set_name, member)
)`,
  ],
}
