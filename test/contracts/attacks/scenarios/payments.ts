/** Attacks with payments: one's own app, traffic that was never there, balances that are promised twice. */
import { dtel } from "../../support/people.js";
import type { App, Node } from "../../support/people.js";
import type { Account } from "../../support/account.js";
import { unattested } from "../../support/service.js";
import { compare, creditedTo } from "../outcome.js";
import type { Outcome, Scenario, Setting } from "../outcome.js";
import type { Behaviour, Network } from "../network.js";

const MEGABYTE = 1_000_000n;

interface OwnApp {
  readonly node: Node;
  readonly app: App;
  readonly delegator: Account;
}

/** A node among honest ones, with an app and delegated stake of the same people. */
async function withOwnApp(network: Network): Promise<OwnApp> {
  const node = await network.addNode(dtel(5_000));
  await network.addNodes(5, dtel(2_000));
  return {
    node,
    app: await network.addApp(dtel(600_000)),
    delegator: await network.addDelegator(node, dtel(20_000)),
  };
}

/** The app's participants use the node, and the app pays it as much as it likes. */
function paying(network: Network, { node, app }: { node: Node; app: App }, amount: bigint): Behaviour {
  return {
    sessions: (each, epoch) =>
      each === node ? network.sessionsOf(node, epoch, [{ bytes: MEGABYTE, app }]) : Promise.resolve([]),
    pay: () => network.pay(app, node, amount),
  };
}

async function selfDealer(setting: Setting): Promise<Outcome[]> {
  const outcome = (name: string, amount: bigint, treasuryBps: bigint) =>
    compare<OwnApp>(setting, `self-dealer, ${name}`, {
      prepare: withOwnApp,
      party: ({ node, app, delegator }) => ({
        nodes: [node],
        apps: [app],
        delegations: [[node, delegator]],
        treasuryBps,
      }),
      honest: (network) => network.live(2),
      async act(network, people) {
        await network.live(2, paying(network, people, amount));
        const { work, fees } = await creditedTo(network.protocol, [people.node.nodeId]);
        return work + fees;
      },
    });
  return [
    await outcome("all the stake of its node", dtel(1_000), 0n),
    await outcome("the whole treasury too", dtel(1_000), 10_000n),
    await outcome("beyond the budget for work", dtel(250_000), 10_000n),
    await outcome("dust that rounds in its favour", 19n * 10n ** 9n, 10_000n),
  ];
}

interface Paid {
  readonly node: Node;
  readonly reporter: Account;
  readonly app: App;
}

/** Sessions that nobody granted, for fees that an app paid: worth it only if the seed looks away. */
async function paddingNode(setting: Setting): Promise<Outcome[]> {
  const prepare = async (network: Network): Promise<Paid> => {
    const node = await network.addNode(dtel(5_000));
    await network.addNodes(5, dtel(2_000));
    const reporter = await network.protocol.newAccount();
    return { node, reporter, app: await network.addApp(dtel(50_000)) };
  };
  const padded = async (network: Network, { node, app, reporter }: Paid, isPicked: boolean) => {
    const amount = await mostUnproven(network);
    const epoch = await network.protocol.clock.now();
    await network.live(1, {
      ...paying(network, { node, app }, amount),
      sessions: (each) =>
        each === node
          ? network.sessionsOf(node, epoch, [{ bytes: 1_000n * MEGABYTE, app, granted: false }])
          : Promise.resolve([]),
      seed: async (drawn) => (drawn === epoch ? network.seedThat(node, epoch, isPicked) : undefined),
      proves: (each) => each !== node,
    });
    await network.report(reporter, node, epoch);
    return (await creditedTo(network.protocol, [node.nodeId])).work;
  };
  const course = (isPicked: boolean) => ({
    prepare,
    party: ({ node }: Paid) => ({ nodes: [node] }),
    // The same fees with an attestation of what was really there: nothing.
    honest: async (network: Network, { node, app }: Paid) => {
      const amount = await mostUnproven(network);
      await network.live(1, { pay: () => network.pay(app, node, amount) });
    },
    act: (network: Network, people: Paid) => padded(network, people, isPicked),
  });
  const picked = await compare(setting, "padding node, picked", course(true));
  if (setting.pick >= 1) return [picked];
  const lucky = await compare(setting, "padding node, not picked", course(false));
  // Many epochs: each is one or the other.
  const scale = 1_000_000n;
  const odds = BigInt(Math.round(setting.pick * Number(scale)));
  const expected = (key: "wins" | "net") => (picked[key] * odds + lucky[key] * (scale - odds)) / scale;
  return [{ attack: "padding node, on average", wins: expected("wins"), net: expected("net") }];
}

/** As much as a node can be paid in an epoch without having to prove it for sure. */
async function mostUnproven({ protocol }: Network): Promise<bigint> {
  const threshold = await protocol.attestations.ALWAYS_PROVE_ABOVE();
  const { burnBps } = await protocol.escrow.paymentConfig();
  const amount = threshold === 0n ? dtel(100) : (threshold * 10_000n) / burnBps;
  return amount - (amount % 10n ** 9n);
}

interface Promising {
  readonly app: App;
  readonly own: Node;
  readonly victim: Node;
}

/** Before a voucher is cashed the app takes out what it can, by its own node too. */
async function emptyingApp(setting: Setting): Promise<Outcome[]> {
  const owed = dtel(400);
  const prepare = async (network: Network): Promise<Promising> => {
    const [own, victim] = [await network.addNode(dtel(2_000)), await network.addNode(dtel(2_000))];
    await network.addNodes(4, dtel(2_000));
    const app = await network.addApp(dtel(1_000));
    await network.protocol.escrow.connect(app.account).reserve(victim.nodeId, owed);
    return { app, own, victim };
  };
  const course = {
    prepare,
    party: ({ app, own }: Promising) => ({ apps: [app], nodes: [own] }),
    honest: (network: Network, { app, victim }: Promising) =>
      network.live(1, { pay: () => network.pay(app, victim, owed) }),
  };
  const emptied = await compare(setting, "app that empties its balance", {
    ...course,
    act: (network, { app, own, victim }) =>
      network.live(1, {
        async pay() {
          const escrow = network.protocol.escrow.connect(app.account);
          const late = await network.voucher(app, victim, owed);
          await network.pay(app, own, dtel(100));
          await escrow.requestRelease(victim.nodeId, owed);
          await refused(() => escrow.release(victim.nodeId), "StillThawing");
          await escrow.withdraw(app.account, await escrow.balanceOf(app.account));
          await network.protocol.escrow.collectBatch([late]);
          const { paid } = await escrow.accountOf(app.account, victim.nodeId);
          if (paid * 10n ** 9n !== owed) throw new Error("the reserve did not pay the voucher");
        },
      }),
  });
  const promised = await compare(setting, "app that promises one balance thrice", {
    ...course,
    act: (network, { app, own, victim }) =>
      network.live(1, {
        async pay() {
          const [, , ...others] = network.nodes;
          const takers = [own, ...others.slice(0, 2)];
          for (const node of takers) await network.pay(app, node, dtel(600));
          // Whoever counts on a reserve is paid whatever the others were promised.
          await network.pay(app, victim, owed);
          const { paid } = await network.protocol.escrow.accountOf(app.account, victim.nodeId);
          if (paid * 10n ** 9n !== owed) throw new Error("the reserve did not pay the voucher");
        },
      }),
  });
  return [emptied, promised];
}

/** Fees and work of an epoch that was never attested, or is claimed twice. */
async function unattestedClaims(setting: Setting): Promise<Outcome[]> {
  return [
    await compare<OwnApp>(setting, "claims twice, claims what it never attested", {
      prepare: withOwnApp,
      party: ({ node, delegator }) => ({ nodes: [node], delegations: [[node, delegator]] }),
      honest: (network, people) => network.live(1, paying(network, people, dtel(100))),
      async act(network, people) {
        const epoch = await network.protocol.clock.now();
        await network.live(1, paying(network, people, dtel(100)));
        const { distributor } = network.protocol;
        const attestation = network.attestationOf(people.node, epoch);
        await refused(() => distributor.claim(attestation), "AlreadyClaimed");
        await refused(() => distributor.claim(unattested(people.node, epoch)), "AlreadyClaimed");
        await distributor.claimBatch([attestation, attestation]);
        await distributor.claim(unattested(people.node, epoch - 1));
      },
    }),
  ];
}

/** Something that the contracts must refuse, by name. */
export async function refused(call: () => Promise<unknown>, name: string): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (error instanceof Error && error.message.includes(name)) return;
    throw error;
  }
  throw new Error(`nothing refused it with ${name}`);
}

export const PAYMENT_ATTACKS: readonly Scenario[] = [
  { name: "the self-dealer", run: selfDealer },
  { name: "the padding node", run: paddingNode },
  { name: "the app that empties its balance or promises it thrice", run: emptyingApp },
  { name: "claims that are not due", run: unattestedClaims },
];
