import { events } from "../../abi/BuybackAuction";
import * as model from "../../model";
import { on, placeOf, toDate } from "../handler";

export const auctionHandlers = [
  on(events.LotOpened, async (event, _at, batch) => {
    const { asset, amount, startPrice, floorPrice, start, durationSeconds } = event;
    batch.entities.add(
      new model.AuctionLot({
        id: event.lotId.toString(),
        asset,
        amount,
        remaining: amount,
        returned: 0n,
        startPrice,
        floorPrice,
        startAt: toDate(start),
        endsAt: toDate(start + durationSeconds),
        burned: 0n,
      }),
    );
  }),

  on(events.Bought, async ({ lotId, buyer, to, amount, costWei }, at, batch) => {
    const lot = await batch.entities.get(model.AuctionLot, lotId.toString());
    lot.remaining -= amount;
    lot.burned += costWei;
    batch.entities.add(
      new model.AuctionPurchase({
        id: at.id,
        lot,
        buyer: await batch.account(buyer),
        to: await batch.account(to),
        amount,
        cost: costWei,
        ...placeOf(at),
      }),
    );
  }),

  on(events.Returned, async ({ lotId, amount }, _at, batch) => {
    const lot = await batch.entities.get(model.AuctionLot, lotId.toString());
    lot.remaining -= amount;
    lot.returned += amount;
  }),
];
