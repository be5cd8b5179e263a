export { createOutbox, type OutboxSettings, type OwnOutbox } from './outbox.ts'
export type {
  Delivery,
  Outbox,
  PollReading,
  PollReceiver,
  PollSettled,
  PushReceiver,
  Subscription,
} from './receiver.ts'
