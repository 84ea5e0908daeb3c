/** Up to where a target has been told, in the change log of one shard. */
export interface Position {
  /** Of the Redis whose log it is. */
  readonly epoch: string
  /** Id of the last entry before which everything has arrived, itself included. */
  readonly id: string
}
