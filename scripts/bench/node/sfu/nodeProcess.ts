/** The node under test, in a process of its own: media and signaling as they are, admission in memory. */
import { z } from "zod";
import { TestNode } from "../../../../test/node/support/testNode.js";
import { parseAddress } from "../../../../node/protocol/hex.js";
import { AccessToken } from "../../../../node/client/AccessToken.js";
import { serveRpc } from "../support/childRpc.js";

const PEERS = 2_000;

const node = await TestNode.start({
  limits: { maxConnectionsPerAddress: PEERS, maxHalfOpen: PEERS, meterIntervalMs: 1_000 },
  media: { limits: { maxPeers: PEERS, maxPeersPerRoom: PEERS } },
});

serveRpc(
  {
    async token(data) {
      const { address, room } = z.object({ address: z.string(), room: z.string() }).parse(data);
      const { app, signer, domain } = node.admission;
      return new AccessToken({ app, signerKey: signer, domain }).issue({
        sessionKey: parseAddress(address),
        room,
        ttlSeconds: 3_600,
        maxBytesPerEpoch: 10n ** 12n,
        identity: address,
        voucherUrl: "https://app.example/vouchers",
      });
    },
    address: () => ({ url: node.signaling.url, mediaPid: node.media.workers[0]?.pid }),
    heapBytes() {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    },
  },
  () => node.stop(),
);
