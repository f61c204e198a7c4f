import { events } from "../../abi/Arbitration";
import * as model from "../../model";
import { on, placeOf, toDate, toInt, toText } from "../handler";

/** As `IArbitration.CaseStatus` numbers them; the first is of cases that do not exist. */
const STATUSES = [
  undefined,
  model.CaseStatus.OPEN,
  model.CaseStatus.UPHELD,
  model.CaseStatus.DISMISSED,
  model.CaseStatus.UNRULED,
];

export const arbitrationHandlers = [
  on(events.ArbitersAppointed, async ({ panelId, members, endsAt }, at, batch) => {
    const id = panelId.toString();
    const term = { endsAt: toDate(endsAt), appointedAt: at.timestamp };
    batch.entities.add(new model.ArbiterPanel({ id, members, ...term }));
  }),

  on(events.CaseOpened, async (event, at, batch) => {
    batch.entities.add(
      new model.ArbitrationCase({
        id: event.caseId.toString(),
        node: await batch.node(event.nodeId),
        challenger: await batch.account(event.challenger),
        panel: await batch.entities.get(model.ArbiterPanel, event.panelId.toString()),
        status: model.CaseStatus.OPEN,
        faultAt: toDate(event.faultAt),
        deposit: event.depositWei,
        slashAmount: event.slashWei,
        poolLimitBps: toInt(event.poolLimitBps),
        answerUntil: toDate(event.answerUntil),
        rulingUntil: toDate(event.rulingUntil),
        evidenceHash: event.evidenceHash,
        evidenceUri: toText(event.evidenceUri),
        answerHash: null,
        answerUri: null,
        answeredAt: null,
        uphold: 0,
        dismiss: 0,
        depositTo: null,
        closedAt: null,
        ...placeOf(at),
      }),
    );
  }),

  on(events.CaseAnswered, async (event, at, batch) => {
    const opened = await batch.entities.get(model.ArbitrationCase, event.caseId.toString());
    opened.answerHash = event.answerHash;
    opened.answerUri = toText(event.answerUri);
    opened.answeredAt = at.timestamp;
  }),

  on(events.ArbiterVoted, async ({ caseId, arbiter, uphold }, at, batch) => {
    const opened = await batch.entities.get(model.ArbitrationCase, caseId.toString());
    if (uphold) opened.uphold += 1;
    else opened.dismiss += 1;
    batch.entities.add(
      new model.ArbiterVote({
        id: `${caseId}-${arbiter}`,
        case: opened,
        arbiter: await batch.account(arbiter),
        uphold,
        ...placeOf(at),
      }),
    );
  }),

  on(events.CaseClosed, async (event, at, batch) => {
    const closed = await batch.entities.get(model.ArbitrationCase, event.caseId.toString());
    const status = STATUSES[event.status];
    if (status === undefined) throw new Error(`Case ${event.caseId} was closed as ${event.status}.`);
    closed.status = status;
    closed.depositTo = await batch.account(event.depositTo);
    closed.closedAt = at.timestamp;
  }),
];
