export { compareWithChain, type CompareOptions, type Comparison } from "./compare";
export type { Mismatch } from "./findings";
export { parseDeployment, readDeployment, type Deployment } from "../shared/deployment";
