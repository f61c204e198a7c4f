import type { Part } from "./part.js";
import { media } from "./parts/media.js";

/** In the order in which they run. */
export const PARTS: readonly Part[] = [media];
