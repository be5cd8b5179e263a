import { findPostgres } from '../../scripts/postgres.mjs'

/** No test is skipped for want of PostgreSQL: it is fetched, or the run ends here and says what to install. */
export default async function setup(): Promise<void> {
  await findPostgres((line) => console.log(line))
}
