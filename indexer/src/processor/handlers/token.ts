import { events } from "../../abi/DTelToken";
import * as model from "../../model";
import { on } from "../handler";

const ZERO_ADDRESS = "0x0000000000000000000000000000000000000000";

export const tokenHandlers = [
  on(events.Transfer, async (event, at, batch) => {
    const amount = event.value;
    const from = await batch.account(event.from);
    const to = await batch.account(event.to);
    const network = await batch.network();
    if (from.id === ZERO_ADDRESS) {
      network.tokenSupply += amount;
      network.tokenMinted += amount;
    } else if (amount > 0n) {
      from.balance -= amount;
      if (from.balance === 0n) network.tokenHolders -= 1;
    }
    if (to.id === ZERO_ADDRESS) {
      network.tokenSupply -= amount;
      network.tokenBurned += amount;
    } else if (amount > 0n) {
      if (to.balance === 0n) network.tokenHolders += 1;
      to.balance += amount;
    }
    const day = await batch.day(at);
    day.transfers += 1;
    day.transferVolume += amount;
    batch.entities.add(
      new model.Transfer({
        id: at.id,
        from,
        to,
        amount,
        block: at.block,
        timestamp: at.timestamp,
        txHash: at.txHash,
      }),
    );
  }),

  on(events.DelegateChanged, async (event, _at, batch) => {
    const delegate = event.toDelegate === ZERO_ADDRESS ? null : await batch.account(event.toDelegate);
    batch.setDelegate(await batch.account(event.delegator), delegate);
  }),

  on(events.DelegateVotesChanged, async (event, _at, batch) => {
    (await batch.account(event.delegate)).votes = event.newVotes;
  }),

  on(events.StakedUnitsChanged, async (event, _at, batch) => {
    (await batch.account(event.account)).stakedUnits = event.units;
  }),
];
