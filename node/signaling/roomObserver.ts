import type { WebhookEvent } from "../protocol/webhook.js";

/** Leaves a member of every kind of event out, where `Omit` would keep only what all kinds share. */
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Something that happened in a room on this node; whoever delivers it gives it an id. */
export type RoomEvent = Without<WebhookEvent, "id">;

/**
 * Who is told what happens in rooms: `node/service/webhooks`, wired by `node/main.ts`. Events of one room come in their
 * order. Nothing is told of audits, nor of tracks of hidden participants.
 */
export interface RoomObserver {
  /**
   * @param webhookUrl From the grant of the participant concerned; a room that starts or finishes goes by its first
   * or last participant. Undefined: the app does not want to know.
   */
  event(event: RoomEvent, webhookUrl: string | undefined): void;
}

/** For a node whose apps are told nothing. */
export const noObserver: RoomObserver = { event: () => undefined };
