import { type Job, Worker } from 'bullmq'

/**
 * A worker of BullMQ that counts the turns of its loop. `isRunning()` says nothing of it, nor does a ping: after an outage
 * of Redis, loops have stood still for good on connections that were fine (taskforcesh/bullmq#4585).
 */
export class TurningWorker<Data, Result> extends Worker<Data, Result> {
  /** Looks at the queue that have ended, with a job or without, and jobs begun. */
  turns = 0
  #inHand = 0

  /** Jobs at this moment. */
  get inHand(): number {
    return this.#inHand
  }

  /** Every place is taken: no more jobs can be, and the loop may stand until one of them ends. */
  get isFull(): boolean {
    return this.#inHand >= this.concurrency
  }

  /** Also one that Redis refused: the loop goes round. */
  protected override async moveToActive(token: string, name?: string): Promise<Job<Data, Result>> {
    try {
      return await super.moveToActive(token, name)
    } finally {
      this.turns++
    }
  }

  protected override async callProcessJob(
    job: Job<Data, Result>,
    token: string,
    signal?: AbortSignal,
  ): Promise<Result> {
    this.turns++
    this.#inHand++
    try {
      return await super.callProcessJob(job, token, signal)
    } finally {
      this.#inHand--
    }
  }
}
