/** Attacks by who holds stake: reporting oneself, joining before money comes, leaving before it goes, commissions. */
import type { Account } from "../../support/account.js";
import { dtel } from "../../support/people.js";
import type { App, Node } from "../../support/people.js";
import { returnSlashed, slash } from "../../support/staking.js";
import { compare } from "../outcome.js";
import type { Outcome, Scenario, Setting } from "../outcome.js";
import type { Network } from "../network.js";
import { refused } from "./payments.js";

interface Cast {
  readonly node: Node;
  readonly app: App;
  readonly friend: Account;
  readonly delegator: Account;
}

async function cast(network: Network): Promise<Cast> {
  const node = await network.addNode(dtel(2_000), 1_000);
  await network.addNodes(5, dtel(2_000));
  return {
    node,
    app: await network.addApp(dtel(50_000)),
    friend: await network.protocol.newAccount(dtel(4_000)),
    delegator: await network.addDelegator(node, dtel(4_000)),
  };
}

/** The node misses its own proof, and a friend of its owner reports it first. */
async function selfReporter(setting: Setting): Promise<Outcome[]> {
  const serve = (network: Network, { node, app }: Cast, epoch: number, proves: boolean) =>
    network.live(1, {
      pay: () => network.pay(app, node, dtel(10)),
      sessions: (each) =>
        each === node ? network.sessionsOf(node, epoch, [{ bytes: 1_000_000n, app }]) : Promise.resolve([]),
      seed: async (drawn) => (drawn === epoch ? network.seedThat(node, epoch, true) : undefined),
      proves: (each) => each !== node || proves,
    });
  return [
    await compare<Cast>(setting, "self-reporter", {
      prepare: cast,
      party: ({ node, friend }) => ({ nodes: [node], accounts: [friend] }),
      honest: async (network, people) => serve(network, people, await network.protocol.clock.now(), true),
      async act(network, people) {
        const epoch = await network.protocol.clock.now();
        await serve(network, people, epoch, false);
        const { token } = network.protocol;
        const before = await token.balanceOf(people.friend);
        if (!(await network.report(people.friend, people.node, epoch)))
          throw new Error("nothing was missing");
        await network.executeSlashes();
        return (await token.balanceOf(people.friend)) - before;
      },
    }),
  ];
}

/** Joins just before a payout and leaves when it has streamed out, with the same stake for the same time. */
async function joinsBeforePayout(setting: Setting): Promise<Outcome[]> {
  const party = ({ node, friend }: Cast) => ({ accounts: [friend], delegations: [[node, friend]] as const });
  const stay = async (network: Network, { node, friend }: Cast, isBefore: boolean, epochs: number) => {
    const { staking, clock } = network.protocol;
    const join = () => delegateOwn(network, node, friend);
    const joinAt = (await clock.now()) + 2;
    await network.live(3 + epochs, {
      // Claims of an epoch are made at the beginning of the second one after it, before or after he joins.
      ...(isBefore ? { beforeClaims: (epoch) => (epoch === joinAt ? join() : Promise.resolve()) } : {}),
      async act(epoch) {
        if (epoch === joinAt && !isBefore) await join();
        if (epoch !== joinAt + epochs + 1) return;
        const { shares } = await staking.positionOf(node.nodeId, friend);
        await staking.connect(friend).requestUndelegate(node.nodeId, shares);
      },
    });
  };
  const timely = await compare<Cast>(setting, "joins just before a payout", {
    prepare: cast,
    party,
    honest: (network, people) => stay(network, people, false, 1),
    act: (network, people) => stay(network, people, true, 1),
  });
  // Claims of six epochs are left lying and then pushed all at once; to leave takes eight more at least.
  const hoarded = await compare<Cast>(setting, "joins, then pushes claims of six epochs", {
    prepare: cast,
    party,
    async honest(network, { node, friend }) {
      await delegateOwn(network, node, friend);
      await network.live(8);
    },
    async act(network, { node, friend }) {
      const { distributor, staking } = network.protocol;
      const first = network.firstEpoch;
      await network.live(6, { claims: (each) => each !== node });
      await delegateOwn(network, node, friend);
      const epochs = Array.from({ length: 6 }, (_, index) => first + index);
      await distributor.claimBatch(epochs.map((epoch) => network.attestationOf(node, epoch)));
      await network.letIncomeVest();
      const { shares } = await staking.positionOf(node.nodeId, friend);
      await staking.connect(friend).requestUndelegate(node.nodeId, shares);
    },
  });
  return [timely, hoarded];
}

async function delegateOwn({ protocol }: Network, { nodeId }: Node, delegator: Account): Promise<void> {
  const { token, staking } = protocol;
  const amount = await token.balanceOf(delegator);
  await token.connect(delegator).approve(staking, amount);
  await staking.connect(delegator).delegate(nodeId, amount, 0n);
}

/** A slash of the pool is open and will be returned: who joins now would share in what comes back. */
async function aroundASlash(setting: Setting): Promise<Outcome[]> {
  const everything = dtel(1_000_000);
  const joiner = await compare<Cast>(setting, "joins before a veto returns a slash", {
    prepare: cast,
    party: ({ node, friend }) => ({ accounts: [friend], delegations: [[node, friend]] }),
    async honest(network, { node }) {
      await returnSlashed(
        network.protocol,
        node.nodeId,
        await slash(network.protocol, node.nodeId, everything),
      );
    },
    async act(network, { node, friend }) {
      const taken = await slash(network.protocol, node.nodeId, everything);
      await refused(() => delegateOwn(network, node, friend), "SlashOpen");
      await returnSlashed(network.protocol, node.nodeId, taken);
      await delegateOwn(network, node, friend);
    },
  });
  const leaver = await compare<Cast>(setting, "leaves before a slash is opened", {
    prepare: cast,
    party: ({ node, delegator }) => ({ delegations: [[node, delegator]] }),
    async honest(network, { node }) {
      await slash(network.protocol, node.nodeId, everything);
    },
    async act(network, { node, delegator }) {
      const { staking } = network.protocol;
      const { shares } = await staking.positionOf(node.nodeId, delegator);
      await staking.connect(delegator).requestUndelegate(node.nodeId, shares);
      await slash(network.protocol, node.nodeId, everything);
    },
  });
  const owner = await compare<Cast>(setting, "owner who unbonds before a slash is opened", {
    prepare: cast,
    party: ({ node }) => ({ nodes: [node] }),
    async honest(network, { node }) {
      await slash(network.protocol, node.nodeId, dtel(1_500));
    },
    async act(network, { node }) {
      const { staking } = network.protocol;
      await staking.connect(node.owner).requestUnbond(node.nodeId, await staking.bondOf(node.nodeId));
      await slash(network.protocol, node.nodeId, dtel(1_500));
    },
  });
  return [joiner, leaver, owner];
}

/** Claims are left lying until a higher commission counts. */
async function hoardsForCommission(setting: Setting): Promise<Outcome[]> {
  const announceAndWait = async (network: Network, { node }: Cast) => {
    const { staking, clock } = network.protocol;
    await staking.connect(node.owner).announceCommission(node.nodeId, 1_500n);
    const { fromEpoch } = await staking.commissionRiseOf(node.nodeId);
    await clock.goTo(Number(fromEpoch) + 1, 1);
  };
  return [
    await compare<Cast>(setting, "owner who raises commission on hoarded income", {
      prepare: cast,
      party: ({ node }) => ({ nodes: [node] }),
      async honest(network, people) {
        await network.live(3);
        await announceAndWait(network, people);
      },
      async act(network, people) {
        const first = network.firstEpoch;
        await network.live(3, { claims: (each) => each !== people.node });
        await announceAndWait(network, people);
        const epochs = [first, first + 1, first + 2];
        await network.protocol.distributor.claimBatch(
          epochs.map((epoch) => network.attestationOf(people.node, epoch)),
        );
      },
    }),
  ];
}

export const STAKE_ATTACKS: readonly Scenario[] = [
  { name: "the self-reporter", run: selfReporter },
  { name: "who joins before a payout", run: joinsBeforePayout },
  { name: "who joins or leaves around a slash", run: aroundASlash },
  { name: "who raises the commission on hoarded income", run: hoardsForCommission },
];
