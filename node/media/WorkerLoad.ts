/** What a worker carries just now. */
export class WorkerLoad {
  /** Participants whose transports are on it. */
  peers = 0;
  /** Streams that it sends to them. */
  subscriptions = 0;
  dataSubscriptions = 0;

  /**
   * For comparing workers: forwarding packets is what costs, so it is the number of streams; a participant counts as
   * one more, so that many who come at once are spread before their streams are there.
   */
  get score(): number {
    return this.peers + this.subscriptions + this.dataSubscriptions;
  }
}
