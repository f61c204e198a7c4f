import { events } from "../../abi/NodeStrikes";
import * as model from "../../model";
import { on, placeOf, toDate, toInt } from "../handler";

/** As `INodeStrikes.Reason` numbers them. */
const REASONS = [model.StrikeReason.LOW_SCORES, model.StrikeReason.OUTLYING_SCORE];

export const strikeHandlers = [
  on(events.Struck, async (event, at, batch) => {
    const node = await batch.node(event.nodeId);
    const epochNumber = toInt(event.epoch);
    batch.entities.add(
      new model.Strike({
        id: `${node.id}-${epochNumber}`,
        node,
        epochNumber,
        reason: REASONS[event.reason],
        poster: await batch.account(event.poster),
        counts: true,
        ...placeOf(at),
      }),
    );
    node.strikes += 1;
    (await batch.day(at)).strikes += 1;
  }),

  on(events.NodeJailed, async (event, at, batch) => {
    const node = await batch.node(event.nodeId);
    node.jailed = true;
    node.jailings = toInt(event.jails);
    (await batch.network()).jailedNodes += 1;
    batch.entities.add(
      new model.Jailing({
        id: `${node.id}-${node.jailings}`,
        node,
        count: node.jailings,
        jailedAt: at.timestamp,
        releasableAt: toDate(event.releasableAt),
        releasedAt: null,
        countsFromEpoch: null,
        txHash: at.txHash,
      }),
    );
    // The strikes that it is in jail for are spent.
    await batch.entities.flush();
    const spent = await batch.read(model.Strike, { node: { id: node.id }, counts: true });
    for (const strike of spent) strike.counts = false;
  }),

  on(events.NodeReleased, async (event, at, batch) => {
    const node = await batch.node(event.nodeId);
    node.jailed = false;
    (await batch.network()).jailedNodes -= 1;
    const term = await batch.entities.get(model.Jailing, `${node.id}-${node.jailings}`);
    term.releasedAt = at.timestamp;
    term.countsFromEpoch = toInt(event.countsFrom);
  }),
];
