import type { Part } from "./part.js";
import { janus } from "./parts/janus.js";
import { join } from "./parts/join.js";
import { media } from "./parts/media.js";
import { receipts } from "./parts/receipts.js";
import { failover, ice, worker } from "./parts/recovery.js";
import { soak } from "./parts/soak.js";
import { tree } from "./parts/tree.js";

/** In the order in which they run. */
export const PARTS: readonly Part[] = [media, janus, join, ice, worker, failover, receipts, tree, soak];
