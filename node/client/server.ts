// What an app's backend needs: tokens for its participants, vouchers for the nodes that serve them, commands to its rooms
// and webhooks from them.

export { AccessToken } from "./AccessToken.js";
export type { AccessTokenOptions, IssueOptions } from "./AccessToken.js";
export { CommandFailed, RoomService } from "./RoomService.js";
export type { CommandResult, RoomServiceOptions } from "./RoomService.js";
export { stringifyRoomToken } from "./roomToken.js";
export type { RoomToken } from "./roomToken.js";
export { SqliteVoucherStore } from "./SqliteVoucherStore.js";
export { VoucherEndpoint } from "./VoucherEndpoint.js";
export type {
  NodeTerms,
  VoucherEndpointOptions,
  VoucherHttpRequest,
  VoucherHttpResponse,
} from "./VoucherEndpoint.js";
export { WebhookRefused, operatorsOnChain, verifyWebhook } from "./verifyWebhook.js";
export type {
  OperatorOf,
  VerifyWebhookOptions,
  WebhookHeaders,
  WebhookRefusalCode,
} from "./verifyWebhook.js";
export type { WebhookEvent } from "../protocol/webhook.js";
export { voucherListener } from "./voucherHttp.js";
export type { NodeTotals, SessionAccount, VoucherLedger, VoucherStore } from "./VoucherStore.js";
