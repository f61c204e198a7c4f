// What an app's backend needs: tokens for its participants, vouchers for the nodes that serve them.

export { AccessToken } from "./AccessToken.js";
export type { AccessTokenOptions, IssueOptions } from "./AccessToken.js";
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
export { voucherListener } from "./voucherHttp.js";
export type { NodeTotals, SessionAccount, VoucherLedger, VoucherStore } from "./VoucherStore.js";
