import { Wallet } from "ethers";
import { expect } from "chai";
import { AccessToken } from "../../../node/client/AccessToken.js";
import type { IssueOptions } from "../../../node/client/AccessToken.js";
import { parseRoomToken, stringifyRoomToken } from "../../../node/client/roomToken.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { parseGrantDetails } from "../../../node/protocol/grantDetails.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { accessGrant, detailsHash, roomHash, typedDataDomain } from "../../../node/protocol/typedData.js";

const domain = typedDataDomain(1n, parseAddress("0x00000000000000000000000000000000000000A7"));
const app = parseAddress("0x00000000000000000000000000000000000000AA");

describe("AccessToken", () => {
  const signerKey = new Wallet(`0x${"5".repeat(64)}`);
  const tokens = new AccessToken({ app, signerKey, domain });
  const sessionKey = parseAddress(createSessionKey().address);
  const options: IssueOptions = {
    sessionKey,
    room: "standup",
    ttlSeconds: 60,
    maxBytesPerEpoch: 1_000n,
    identity: "alice",
    name: "Alice",
    voucherUrl: "https://app.example/vouchers",
    nowMs: 1_700_000_000_999,
  };

  it("signs a grant for one key, one room and exactly these details", async () => {
    const { grant, grantSignature, details } = await tokens.issue(options);
    expect(grant).to.deep.equal({
      app,
      sessionKey,
      room: roomHash("standup"),
      maxBytesPerEpoch: 1_000n,
      expiresAt: 1_700_000_060n,
      detailsHash: detailsHash(details),
    });
    expect(accessGrant.recover(domain, grant, grantSignature)).to.equal(signerKey.address);
    expect(JSON.parse(details)).to.deep.equal({
      identity: "alice",
      name: "Alice",
      voucherUrl: "https://app.example/vouchers",
    });
  });

  it("says where a room may meet and who is told of it, and what the participant may do", async () => {
    const { details } = await tokens.issue({
      ...options,
      homes: [3n, 8n],
      webhookUrl: "https://app.example/webhooks",
      permissions: { publish: ["audio"], admin: true },
    });
    expect(parseGrantDetails(details)).to.include({ webhookUrl: "https://app.example/webhooks" });
    expect(parseGrantDetails(details).homes).to.deep.equal([3n, 8n]);
    expect(parseGrantDetails(details).permissions).to.deep.equal({
      ...{ join: true, publish: ["audio"], subscribe: true, data: true, hidden: false, admin: true },
    });
  });

  it("travels as JSON", async () => {
    const token = await tokens.issue(options);
    expect(parseRoomToken(stringifyRoomToken(token))).to.deep.equal(token);
    expect(() => parseRoomToken("{")).to.throw(RangeError, "not JSON");
    expect(() => parseRoomToken(stringifyRoomToken(token).replace("details", "particulars"))).to.throw(
      RangeError,
    );
  });

  const wrong: [string, Partial<IssueOptions>][] = [
    ["no lifetime", { ttlSeconds: 0 }],
    ["a part of a second", { ttlSeconds: 0.5 }],
    ["no bytes", { maxBytesPerEpoch: 0n }],
    ["no identity", { identity: "" }],
    ["an address that is none", { voucherUrl: "app.example" }],
    ["another protocol than HTTP", { voucherUrl: "ftp://app.example" }],
    ["a session key that is none", { sessionKey: "0x12" }],
  ];
  for (const [what, values] of wrong) {
    it(`refuses ${what}`, async () => {
      const error: unknown = await tokens.issue({ ...options, ...values }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(RangeError);
    });
  }
});
