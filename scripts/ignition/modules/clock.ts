import type { IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";

/** The time base: the same in every contract. */
export function clockParameters(m: IgnitionModuleBuilder) {
  return {
    genesis: m.getParameter<number>("genesis"),
    epochSeconds: m.getParameter<number>("epochSeconds"),
    epochBlocks: m.getParameter<number>("epochBlocks"),
  };
}
