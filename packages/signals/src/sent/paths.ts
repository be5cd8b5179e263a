/** The endpoints of a transmitter, below where they are mounted. */
export const PATHS = {
  configuration: '/ssf/stream',
  status: '/ssf/status',
  verification: '/ssf/verify',
  addSubject: '/ssf/subjects/add',
  removeSubject: '/ssf/subjects/remove',
} as const

/** Where the receiver of a stream polls. */
export function pollPath(id: string): string {
  return `/ssf/poll/${id}`
}
