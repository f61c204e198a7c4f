/** Who may do what: rebuilt from all events of the access manager and the timelock, compared with what it should be. */
import { Contract, Interface, ZeroAddress, id } from "ethers";
import type { Log } from "ethers";
import { ProtocolAccessManager__factory, ProtocolTimelock__factory } from "../../../types/contracts/index.js";
import { GUARDIAN_ROLE } from "../../ignition/modules/Powers.js";
import { selectors } from "../../ignition/plan.js";
import type { CheckContext } from "./context.js";
import { logsOf } from "./logs.js";

const SECTION = "power";
const IMPLEMENTATION_SLOT = BigInt(id("eip1967.proxy.implementation")) - 1n;
const ADMIN_ROLE = 0;

export async function checkPower(context: CheckContext): Promise<void> {
  await checkProxies(context);
  await checkAccessManager(context);
  await checkTimelock(context);
}

/** Every proxy runs its own implementation, under the one authority. */
async function checkProxies({ report, rpc, contracts, addressOf, deployment }: CheckContext): Promise<void> {
  for (const { futureId } of contracts.filter(({ contractName }) => contractName === "ProtocolProxy")) {
    const name = futureId.replace(/^.*#(.*)Proxy$/, "$1");
    const implementation = contracts.find(({ contractName }) => contractName === name);
    if (implementation === undefined) {
      report.same("proxies", name, "an implementation in the journal", "none");
      continue;
    }
    const proxy = addressOf(futureId);
    const stored = await rpc.getStorage(proxy, IMPLEMENTATION_SLOT);
    report.same(
      "proxies",
      `${name}, implementation`,
      addressOf(implementation.futureId),
      `0x${stored.slice(-40)}`,
    );
    const managed = new Contract(proxy, new Interface(["function authority() view returns (address)"]), rpc);
    await report.reads(
      "proxies",
      `${name}, authority`,
      deployment.addresses.accessManager,
      managed.getFunction("authority").staticCall(),
    );
  }
}

/** Members of roles, and the roles of functions; the timelock alone is the administrator. */
async function checkAccessManager(context: CheckContext): Promise<void> {
  const { report, rpc, record, deployment } = context;
  const { accessManager, timelock, nodeStaking, paymentEscrow, rewardDistributor } = deployment.addresses;
  const manager = ProtocolAccessManager__factory.connect(accessManager, rpc);
  const members = new Set<string>();
  const functions = new Map<string, string>();
  const others: string[] = [];
  for (const log of await logsOf(rpc, accessManager, record.startBlock)) {
    const event = parse(manager.interface, log);
    if (event?.name === "RoleGranted") members.add(`${event.args.roleId} ${event.args.account}`);
    else if (event?.name === "RoleRevoked") members.delete(`${event.args.roleId} ${event.args.account}`);
    else if (event?.name === "TargetFunctionRoleUpdated") {
      functions.set(`${event.args.target} ${event.args.selector}`, String(event.args.roleId));
    } else if (event !== null && !HARMLESS.has(event.name)) others.push(event.name);
  }
  report.same(
    SECTION,
    "members of roles",
    [`${ADMIN_ROLE} ${timelock}`, `${GUARDIAN_ROLE} ${record.guardian}`].toSorted(),
    [...members].toSorted(),
  );
  const { pauseSelector, vetoSelector, cancelSelector } = await selectors();
  const pausable = [nodeStaking, paymentEscrow, rewardDistributor, deployment.addresses.penaltyManager];
  const guarded = [
    ...pausable.map((target) => `${target} ${pauseSelector}`),
    `${deployment.addresses.penaltyManager} ${vetoSelector}`,
    `${deployment.addresses.governor} ${cancelSelector}`,
  ];
  report.same(
    SECTION,
    "functions of the guardian",
    guarded.toSorted(),
    [...functions]
      .filter(([, role]) => role === String(GUARDIAN_ROLE))
      .map(([key]) => key)
      .toSorted(),
  );
  report.same(
    SECTION,
    "functions of other roles than administrator and guardian",
    [],
    [...functions].filter(([, role]) => ![String(GUARDIAN_ROLE), String(ADMIN_ROLE)].includes(role)),
  );
  report.same(SECTION, "other changes to the access manager", [], others);
  const [isAdmin] = await manager.hasRole(ADMIN_ROLE, record.deployer);
  report.same(SECTION, "the deployer is administrator", false, isAdmin);
  await report.reads(SECTION, "guardian's end", record.guardianEndSeconds, manager.GUARDIAN_END());
  await report.reads(SECTION, "phase", 0, manager.phase());
}

/** Events that leave power where it is. */
const HARMLESS = new Set(["OperationExecuted", "OperationScheduled", "OperationCanceled", "RoleLabel"]);

/** Only the governor schedules and cancels; nobody but the timelock itself administers it. */
async function checkTimelock({ report, rpc, record, deployment }: CheckContext): Promise<void> {
  const { timelock: address, governor } = deployment.addresses;
  const timelock = ProtocolTimelock__factory.connect(address, rpc);
  const members = new Set<string>();
  for (const log of await logsOf(rpc, address, record.startBlock)) {
    const event = parse(timelock.interface, log);
    if (event?.name === "RoleGranted") members.add(`${event.args.role} ${event.args.account}`);
    if (event?.name === "RoleRevoked") members.delete(`${event.args.role} ${event.args.account}`);
  }
  const admin = `0x${"00".repeat(32)}`;
  report.same(
    SECTION,
    "members of the timelock's roles",
    [
      `${admin} ${address}`,
      `${id("PROPOSER_ROLE")} ${governor}`,
      `${id("CANCELLER_ROLE")} ${governor}`,
      `${id("EXECUTOR_ROLE")} ${ZeroAddress}`,
    ].toSorted(),
    [...members].toSorted(),
  );
  await report.reads(SECTION, "the timelock's governor", governor, timelock.governor());
}

function parse(contract: Interface, log: Log) {
  return contract.parseLog({ topics: [...log.topics], data: log.data });
}
