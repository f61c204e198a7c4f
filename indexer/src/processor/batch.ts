import type { Store } from "@subsquid/typeorm-store";
import type { Entity, EntityClass } from "@subsquid/typeorm-store/lib/store";
import { In, LessThanOrEqual, type FindOptionsOrder, type FindOptionsWhere } from "typeorm";
import * as model from "../model";
import { EpochClock } from "../shared/clock";
import type { Deployment } from "../shared/deployment";
import { EntityCache } from "./entityCache";
import * as blank from "./blank";

/** What others refer to is written first. */
const WRITE_ORDER: readonly EntityClass<Entity>[] = [
  model.Account,
  model.Network,
  model.ProtocolContract,
  model.ContractUpgrade,
  model.Parameter,
  model.ParameterChange,
  model.NetworkDay,
  model.Node,
  model.NodeUpdate,
  model.Pool,
  model.StakeCheckpoint,
  model.NetworkStakeCheckpoint,
  model.Delegation,
  model.ExitBucket,
  model.ExitRequest,
  model.StakeAction,
  model.Epoch,
  model.NodeEpoch,
  model.Attestation,
  model.ServiceProof,
  model.AuditSeat,
  model.AuditRingChange,
  model.Audit,
  model.Strike,
  model.Jailing,
  model.Slash,
  model.SlashBurn,
  model.ArbiterPanel,
  model.ArbitrationCase,
  model.ArbiterVote,
  model.RewardClaim,
  model.RewardMint,
  model.RewardRates,
  model.App,
  model.AppNodeAccount,
  model.AppSigner,
  model.AppDeposit,
  model.AppWithdrawal,
  model.VoucherCollection,
  model.TimelockOperation,
  model.TimelockCall,
  model.Proposal,
  model.Vote,
  model.RoleMember,
  model.FunctionRole,
  model.VestingAllocation,
  model.VestingClaim,
  model.TreasuryStream,
  model.TreasuryBudget,
  model.AuctionLot,
  model.AuctionPurchase,
  model.TreasuryPayment,
  model.OutflowLimit,
  model.NodeIdentity,
  model.IdentityAccount,
  model.TreasuryUpgradeNotice,
  model.Transfer,
];

/** Proposals that change by themselves as time passes. */
const LIVE_STATES = [
  model.ProposalState.PENDING,
  model.ProposalState.ACTIVE,
  model.ProposalState.SUCCEEDED,
  model.ProposalState.QUEUED,
];

const NETWORK_ID = "dtelecom";

/** A contract as the deployment file names it. */
export type ContractName = keyof Deployment["addresses"];

/** The entities that a batch of blocks works on, made where they are missing, by the names that events use. */
export class Batch {
  readonly clock: EpochClock;
  readonly entities: EntityCache;
  /** Set after all accounts are written, because a delegate may be new in the same batch. */
  private readonly delegates = new Map<model.Account, model.Account | null>();
  private proposals: Set<model.Proposal> | undefined;
  /** New in this batch: they still lack the stake that the node had as the epoch began. */
  private readonly newNodeEpochs: { readonly entity: model.NodeEpoch; readonly nodeId: string }[] = [];

  constructor(
    private readonly store: Store,
    readonly deployment: Deployment,
  ) {
    this.clock = new EpochClock(deployment);
    this.entities = new EntityCache(store, WRITE_ORDER);
  }

  async network(): Promise<model.Network> {
    const known = await this.entities.find(model.Network, NETWORK_ID);
    if (known !== undefined) return known;
    const treasury = await this.account(this.deployment.addresses.treasury);
    for (const [name, address] of Object.entries(this.deployment.addresses)) {
      this.entities.add(blank.protocolContract(name, address));
    }
    return this.entities.add(blank.network(NETWORK_ID, this.deployment, treasury));
  }

  contract(name: ContractName): Promise<model.ProtocolContract> {
    return this.entities.get(model.ProtocolContract, name);
  }

  async day(at: { readonly timestamp: Date }): Promise<model.NetworkDay> {
    const id = at.timestamp.toISOString().slice(0, 10);
    return (await this.entities.ensure(model.NetworkDay, id, () => blank.networkDay(id))).entity;
  }

  async account(address: string): Promise<model.Account> {
    return (await this.entities.ensure(model.Account, address, () => blank.account(address))).entity;
  }

  /** A node that need not be registered: anyone may name any number in some calls. */
  findNode(nodeId: bigint): Promise<model.Node | undefined> {
    return this.entities.find(model.Node, nodeId.toString());
  }

  node(nodeId: bigint): Promise<model.Node> {
    return this.entities.get(model.Node, nodeId.toString());
  }

  async pool(nodeId: bigint): Promise<model.Pool> {
    const id = nodeId.toString();
    const known = await this.entities.find(model.Pool, id);
    if (known !== undefined) return known;
    const node = (await this.findNode(nodeId)) ?? null;
    return this.entities.add(blank.pool(id, node));
  }

  async epoch(number: number): Promise<model.Epoch> {
    const make = (): model.Epoch => blank.epoch(number, this.clock);
    return (await this.entities.ensure(model.Epoch, String(number), make)).entity;
  }

  async nodeEpoch(nodeId: bigint, number: number): Promise<model.NodeEpoch> {
    const id = `${nodeId}-${number}`;
    const known = await this.entities.find(model.NodeEpoch, id);
    if (known !== undefined) return known;
    const node = (await this.findNode(nodeId)) ?? null;
    const entity = this.entities.add(blank.nodeEpoch(id, node, await this.epoch(number)));
    this.newNodeEpochs.push({ entity, nodeId: nodeId.toString() });
    return entity;
  }

  async app(address: string, at: { readonly timestamp: Date }): Promise<model.App> {
    const known = await this.entities.find(model.App, address);
    if (known !== undefined) return known;
    (await this.network()).apps += 1;
    return this.entities.add(blank.app(await this.account(address), at.timestamp));
  }

  async appNodeAccount(app: model.App, nodeId: bigint): Promise<model.AppNodeAccount> {
    const id = `${app.id}-${nodeId}`;
    const known = await this.entities.find(model.AppNodeAccount, id);
    if (known !== undefined) return known;
    const node = (await this.findNode(nodeId)) ?? null;
    return this.entities.add(blank.appNodeAccount(id, app, node, nodeId));
  }

  setDelegate(account: model.Account, delegate: model.Account | null): void {
    this.delegates.set(account, delegate);
  }

  /** Proposals whose state time alone may change; read once, because every block asks. */
  async liveProposals(): Promise<model.Proposal[]> {
    this.proposals ??= new Set(await this.read(model.Proposal, { state: In(LIVE_STATES) }));
    return [...this.proposals].filter(({ state }) => LIVE_STATES.includes(state));
  }

  async addProposal(proposal: model.Proposal): Promise<void> {
    await this.liveProposals();
    this.proposals?.add(this.entities.add(proposal));
  }

  /** Entities that the database holds, as they are after this batch's changes; `entities.flush` what is new before. */
  async read<E extends Entity>(
    type: EntityClass<E>,
    where: FindOptionsWhere<E> | FindOptionsWhere<E>[],
  ): Promise<E[]> {
    return this.entities.adopt(type, await this.store.findBy(type, where));
  }

  /** The first of what the database holds, in some order; the same holds as for `read`. */
  async newest<E extends Entity>(
    type: EntityClass<E>,
    options: { readonly where: FindOptionsWhere<E>; readonly order: FindOptionsOrder<E> },
  ): Promise<E | undefined> {
    const found = await this.store.findOne(type, options);
    return found === undefined ? undefined : this.entities.adopt(type, [found])[0];
  }

  /** Writes what the batch changed. */
  async finish(): Promise<void> {
    await this.entities.flush();
    for (const [account, delegate] of this.delegates) account.delegate = delegate;
    if (this.delegates.size > 0) await this.store.upsert([...this.delegates.keys()]);
    if (this.newNodeEpochs.length > 0) {
      for (const { entity, nodeId } of this.newNodeEpochs) {
        entity.stake = await this.stakeAt(nodeId, entity.number);
      }
      await this.store.upsert(this.newNodeEpochs.map(({ entity }) => entity));
    }
  }

  /** Stake as an epoch began. What holds in an epoch is settled before it begins, so this never changes later. */
  private async stakeAt(nodeId: string, epoch: number): Promise<bigint> {
    const checkpoint = await this.store.findOne(model.StakeCheckpoint, {
      where: { node: { id: nodeId }, fromEpoch: LessThanOrEqual(epoch) },
      order: { fromEpoch: "DESC" },
    });
    return checkpoint?.stake ?? 0n;
  }
}
