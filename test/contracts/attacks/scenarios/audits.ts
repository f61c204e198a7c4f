/** Attacks on audits: no hardware, hostile, lazy and copying auditors, seeds that come late. */
import { networkHelpers } from "../../support/chain.js";
import { dtel } from "../../support/people.js";
import type { Node } from "../../support/people.js";
import { compare, compareSetups, creditedTo } from "../outcome.js";
import type { Outcome, Scenario, Setting } from "../outcome.js";
import { GOOD } from "../network.js";
import type { Behaviour, Network } from "../network.js";
import { refused } from "./payments.js";

const EPOCHS = 4;
/** More nodes than auditors, so that everybody is audited. */
const OTHERS = 7;

interface Some {
  readonly hostile: readonly Node[];
}

const withHostile =
  (count: number, others = OTHERS, bond = dtel(2_000)) =>
  async (network: Network): Promise<Some> => {
    const hostile = await network.addNodes(count, bond);
    await network.addNodes(others, dtel(2_000));
    return { hostile };
  };
const party = ({ hostile }: Some) => ({ nodes: hostile });
const live = (network: Network) => network.live(EPOCHS);
const availabilityOf = async (network: Network, nodes: readonly Node[]) =>
  (
    await creditedTo(
      network.protocol,
      nodes.map(({ nodeId }) => nodeId),
    )
  ).availability;

/** Honest auditors find nobody there. */
const absent = (nodes: readonly Node[]): NonNullable<Behaviour["score"]> => {
  return (_auditor, target) => (nodes.includes(target) ? 0 : GOOD);
};

async function withoutHardware(setting: Setting): Promise<Outcome[]> {
  const audited = await compare<Some>(setting, "node without hardware, audited", {
    prepare: withHostile(1),
    party,
    honest: live,
    async act(network, { hostile }) {
      await network.live(EPOCHS, { score: absent(hostile), act: (epoch) => network.postStrikes(epoch - 3) });
      const earned = await availabilityOf(network, hostile);
      if (earned !== 0n) throw new Error(`a node without hardware earned ${earned}`);
      return earned;
    },
  });
  // Nobody can know whom to audit where there are no more nodes than auditors.
  const tooFew = await compare<Some>(setting, "node without hardware, too few nodes to audit", {
    prepare: withHostile(1, 2),
    party,
    honest: live,
    async act(network, { hostile }) {
      await network.live(EPOCHS, { score: absent(hostile) });
      return availabilityOf(network, hostile);
    },
  });
  const drained = await compare<Some>(setting, "node without hardware, in drain", {
    prepare: withHostile(1),
    party,
    honest: live,
    async act(network, { hostile }) {
      const [node] = hostile;
      await network.protocol.registry.connect(node!.operator).drain(node!.nodeId);
      await network.live(EPOCHS, { score: absent(hostile) });
      return availabilityOf(network, hostile);
    },
  });
  return [audited, tooFew, drained];
}

/** Auditors of one party say nothing of each other, so that a score is neutral at worst. */
async function silentAuditors(setting: Setting): Promise<Outcome[]> {
  return [
    await compare<Some>(setting, "nodes without hardware whose auditors stay silent", {
      prepare: withHostile(3),
      party,
      honest: live,
      async act(network, { hostile }) {
        await network.live(EPOCHS, {
          score: (auditor, target) =>
            hostile.includes(auditor) && hostile.includes(target)
              ? undefined
              : absent(hostile)(auditor, target, 0),
        });
        return availabilityOf(network, hostile);
      },
    }),
  ];
}

/** Less than a third of the weight: praises its own, condemns all others, posts what strikes that gives. */
async function cartel(setting: Setting): Promise<Outcome[]> {
  const hostileTo = (hostile: readonly Node[]): NonNullable<Behaviour["score"]> => {
    return (auditor, target) => (hostile.includes(auditor) && !hostile.includes(target) ? 0 : GOOD);
  };
  const condemning = await compare<Some>(setting, "cartel of auditors below a third, condemns others", {
    prepare: withHostile(3, 7),
    party,
    honest: live,
    async act(network, { hostile }) {
      await network.live(EPOCHS, {
        score: hostileTo(hostile),
        act: (epoch) => network.postStrikes(epoch - 3, hostile[0]!.owner),
      });
    },
  });
  const praising = await compare<Some>(setting, "cartel of auditors below a third, without hardware", {
    prepare: withHostile(3, 7),
    party,
    honest: live,
    async act(network, { hostile }) {
      await network.live(EPOCHS, {
        score: (auditor, target) => (!hostile.includes(auditor) && hostile.includes(target) ? 0 : GOOD),
        act: (epoch) => network.postStrikes(epoch - 3),
      });
      return availabilityOf(network, hostile);
    },
  });
  return [condemning, praising];
}

/** Praises whatever it is asked about, or shows what another has found. */
async function lazyAuditors(setting: Setting): Promise<Outcome[]> {
  const course = {
    prepare: withHostile(1),
    party,
    // One of the others serves badly: who looks sees it.
    honest: (network: Network) =>
      network.live(EPOCHS, {
        score: absent([network.nodes[1]!]),
        act: (epoch) => network.postStrikes(epoch - 3),
      }),
  };
  const lazy = await compare<Some>(setting, "lazy auditor who always praises", {
    ...course,
    act: (network, { hostile }) =>
      network.live(EPOCHS, {
        score: (auditor, target, epoch) =>
          hostile.includes(auditor) ? GOOD : absent([network.nodes[1]!])(auditor, target, epoch),
        act: (epoch) => network.postStrikes(epoch - 3),
      }),
  });
  const copying = await compare<Some>(setting, "auditor who copies another's commitment", {
    ...course,
    async act(network, { hostile }) {
      await network.live(EPOCHS, {
        score: absent([network.nodes[1]!]),
        copies: (node) => (hostile.includes(node) ? network.nodes[2] : undefined),
        act: (epoch) => network.postStrikes(epoch - 3),
      });
      return availabilityOf(network, hostile);
    },
  });
  return [lazy, copying];
}

/** One stake as one node, or as four. */
async function splitNodes(setting: Setting): Promise<Outcome[]> {
  const course = (count: number) => ({
    prepare: withHostile(count, OTHERS, dtel(8_000) / BigInt(count)),
    party,
    async act(network: Network, { hostile }: Some) {
      await network.live(EPOCHS);
      return availabilityOf(network, hostile);
    },
  });
  return [await compareSetups<Some>(setting, "one stake as four nodes", course(1), course(4))];
}

/** Arms at once and then sits on it: anyone can draw, and who does may take his time only as far as hashes reach. */
async function lateDrawer(setting: Setting): Promise<Outcome[]> {
  const sitting = await compare<Some>(setting, "drawer who arms and sits on it", {
    prepare: withHostile(1),
    party,
    honest: live,
    async act(network, { hostile }) {
      await network.live(EPOCHS, { score: absent(hostile), armsFirst: hostile[0]!.operator });
      return availabilityOf(network, hostile);
    },
  });
  const nobody = await compare<Some>(setting, "seeds that nobody draws in time, without hardware", {
    prepare: withHostile(1),
    party,
    honest: live,
    async act(network, { hostile }) {
      await network.live(EPOCHS, { score: absent(hostile), draws: () => false });
      for (let epoch = network.firstEpoch; epoch < network.firstEpoch + EPOCHS; epoch++) {
        await network.drawLate(epoch);
      }
      return availabilityOf(network, hostile);
    },
  });
  const lastMoment = await compare<Some>(setting, "drawer at the last moment, to leave no time to prove", {
    prepare: withHostile(1),
    party,
    honest: (network) => network.live(1),
    async act(network) {
      const { attestations, clock } = network.protocol;
      const epoch = await clock.now();
      await network.live(1, { draws: (each) => each !== epoch });
      await attestations.arm(epoch);
      await networkHelpers.mine(255);
      await attestations.draw(epoch);
      const { timestamp } = await attestations.proofDeadline(epoch);
      const left = Number(timestamp) - (await networkHelpers.time.latest());
      if (left < clock.half) throw new Error(`only ${left} seconds are left to prove in`);
      await refused(() => attestations.arm(epoch), "AlreadyArmed");
      await network.settleLate(epoch);
    },
  });
  return [sitting, nobody, lastMoment];
}

export const AUDIT_ATTACKS: readonly Scenario[] = [
  { name: "the node without hardware", run: withoutHardware },
  { name: "auditors who stay silent", run: silentAuditors },
  { name: "the cartel below a third", run: cartel },
  { name: "lazy and copying auditors", run: lazyAuditors },
  { name: "split nodes", run: splitNodes },
  { name: "the late drawer", run: lateDrawer },
];
