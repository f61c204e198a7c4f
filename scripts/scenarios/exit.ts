/** While a slash is open on a node, a delegator and an app leave it, each with all of their money. */
import { cheatUntilSlashed } from "./cheater.js";
import { connectAll } from "./contracts.js";
import { ScriptNode } from "./scriptNode.js";
import { SLASH_STATUS } from "./slashes.js";
import { dtel, inDtel, sent } from "./stage.js";
import type { Stage } from "./stage.js";
import type { Story } from "./story.js";

const DELEGATED = dtel(2_000);
const DEPOSITED = dtel(5_000);
const RESERVED = dtel(3_000);

export async function exit(stage: Stage, story: Story): Promise<void> {
  const { addresses } = stage.deployment;
  const { contracts, parameters } = stage;
  const node = await ScriptNode.create(stage);
  const [delegator, appAccount, reporter] = [
    await stage.person(DELEGATED),
    await stage.person(DEPOSITED),
    await stage.person(dtel(1)),
  ];
  const delegating = connectAll(stage.deployment, delegator);
  await sent(delegating.token.approve(addresses.nodeStaking, DELEGATED));
  await sent(delegating.nodeStaking.delegate(node.nodeId, DELEGATED, 0n));
  const app = connectAll(stage.deployment, appAccount);
  await sent(app.token["transferAndCall(address,uint256)"](addresses.paymentEscrow, DEPOSITED));
  await sent(app.paymentEscrow.reserve(node.nodeId, RESERVED));
  story.say(`${inDtel(DELEGATED)} DTEL delegated, ${inDtel(DEPOSITED)} deposited by an app`);

  const slash = await cheatUntilSlashed(stage, story, {
    cheater: node,
    nodes: [node],
    app: appAccount.address,
    reporter,
    judge: () => 0,
    from: await stage.epoch(),
  });
  const isOpen = async () => (await contracts.penalties.slashStateOf(slash.slashId)).status;
  story.expect("the slash", await isOpen(), SLASH_STATUS.open);
  story.say(`${inDtel(slash.takenWei)} DTEL slashed; the slash is open`);
  const reporting = connectAll(stage.deployment, reporter);
  await sent(reporting.token.approve(addresses.nodeStaking, dtel(1)));
  await story.refused("a delegation while a slash is open", "SlashOpen", () =>
    reporting.nodeStaking.delegate(node.nodeId, dtel(1), 0n),
  );

  const { shares } = await contracts.nodeStaking.positionOf(node.nodeId, delegator.address);
  await sent(delegating.nodeStaking.requestUndelegate(node.nodeId, shares));
  await sent(app.paymentEscrow.requestRelease(node.nodeId, RESERVED));
  const { releasableEpoch } = await contracts.paymentEscrow.thawOf(appAccount.address, node.nodeId);
  await stage.goTo(stage.startOf(Number(releasableEpoch)));
  await sent(app.paymentEscrow.release(node.nodeId));
  await sent(app.paymentEscrow.withdraw(appAccount.address, DEPOSITED));
  const appGot = await contracts.token.balanceOf(appAccount.address);
  story.expect("what the app left with", appGot, DEPOSITED);
  story.say(`the app left with ${inDtel(appGot)} DTEL`);

  const unbonding = parameters.staking.unbondingSeconds;
  const period = Math.floor(((await stage.now()) - stage.deployment.genesisSeconds) / unbonding);
  await stage.goTo(stage.deployment.genesisSeconds + (period + 2) * unbonding);
  await sent(delegating.nodeStaking.withdraw(node.nodeId));
  const delegatorGot = await contracts.token.balanceOf(delegator.address);
  story.expect("what the delegator left with", delegatorGot, DELEGATED);
  story.expect("the slash, which nobody has ended", await isOpen(), SLASH_STATUS.open);
  story.say(`the delegator left with ${inDtel(delegatorGot)} DTEL; the slash is open still`);

  const who = delegator.address.toLowerCase();
  story.expect(
    "the delegator's exit in GraphQL",
    await stage.ask(
      `exitRequests(where: { kind_eq: DELEGATION, account: { id_eq: "${who}" } }, limit: 10) { amount paid lost }`,
    ),
    [{ amount: DELEGATED, paid: DELEGATED, lost: 0n }],
  );
  story.expect(
    "the app in GraphQL",
    await stage.ask(
      `appWithdrawals(where: { app: { id_eq: "${appAccount.address.toLowerCase()}" } }, limit: 10) { amount }`,
    ),
    [{ amount: DEPOSITED }],
  );
  story.expect("the slash in GraphQL", await stage.ask(`slashById(id: "${slash.slashId}") { status }`), {
    status: "OPEN",
  });
  story.tell({
    node: node.nodeId,
    slashOpen: inDtel(slash.takenWei),
    delegatorLeftWith: inDtel(delegatorGot),
    appLeftWith: inDtel(appGot),
  });
}
