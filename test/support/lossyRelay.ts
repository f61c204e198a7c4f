export * from "../../scripts/devnet/lossyRelay.js";
