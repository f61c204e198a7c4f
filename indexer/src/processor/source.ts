import { EvmRpcDataSource, type EvmRpcDataSourceOptions } from "@subsquid/evm-processor/lib/ds-rpc/client";
import { mapBlock } from "@subsquid/evm-processor/lib/ds-rpc/mapping";
import { toMappingRequest } from "@subsquid/evm-processor/lib/ds-rpc/request";
import { Rpc } from "@subsquid/evm-processor/lib/ds-rpc/rpc";
import type { DataRequest } from "@subsquid/evm-processor/lib/interfaces/data-request";
import type { Block } from "@subsquid/evm-processor/lib/mapping/entities";
import {
  BlockConsistencyError,
  coldIngest,
  HotProcessor,
  isDataConsistencyError,
} from "@subsquid/util-internal-ingest-tools";
import type { Batch, HotDatabaseState, HotUpdate } from "@subsquid/util-internal-processor-tools";
import {
  getRequestAt,
  splitRange,
  splitRangeByRequest,
  type FiniteRange,
  type RangeRequest,
} from "@subsquid/util-internal-range";
import { setTimeout as sleep } from "node:timers/promises";
import { followHeads } from "./heads";

export type BlockSourceOptions = EvmRpcDataSourceOptions & {
  readonly headPollInterval: number;
  /** Blocks in a batch while catching up. */
  readonly coldBatchBlocks: number;
};

/** Blocks that are read at once near the head. */
const HOT_SPLIT = 10;
/** The chain may move on while it is read: then what was read does not fit together, and is read again. */
const HOT_ATTEMPTS = 10;
const HOT_RETRY_MS = 100;
const NO_REQUEST = toMappingRequest();

/**
 * The library's source of blocks, made of its own parts, but for two things. While catching up it takes larger
 * batches: each is committed, and with ten blocks the database is three times slower than it needs to be. And it
 * follows heads by their hashes, so that a fork is seen at once, not only when it has outgrown what it replaces.
 */
export class BlockSource extends EvmRpcDataSource {
  private readonly blocks: Rpc;

  constructor(private readonly options: BlockSourceOptions) {
    super(options);
    this.blocks = new Rpc(options.rpc, options.log);
  }

  override getFinalizedBlocks(
    requests: RangeRequest<DataRequest>[],
    stopOnHead?: boolean,
  ): AsyncIterable<Batch<Block>> {
    return coldIngest({
      getFinalizedHeight: () => this.getFinalizedHeight(),
      getSplit: async (split) => {
        const blocks = await this.blocks.withPriority(split.range.from).getColdSplit(split);
        return blocks.map((block) => mapBlock(block, split.request));
      },
      requests: mapRequests(requests),
      splitSize: this.options.coldBatchBlocks,
      concurrency: Math.min(5, this.options.rpc.getConcurrency()),
      stopOnHead,
      headPollInterval: this.options.headPollInterval,
    });
  }

  override async processHotBlocks(
    requests: RangeRequest<DataRequest>[],
    state: HotDatabaseState,
    process: (update: HotUpdate<Block>) => Promise<void>,
  ): Promise<void> {
    const { rpc, finalityConfirmation, headPollInterval, log } = this.options;
    const mapped = mapRequests(requests);
    const hot: HotProcessor<Block> = new HotProcessor<Block>(state, {
      process,
      getHeader: (block) => block.header,
      getBlock: async (ref) => {
        const request = getRequestAt(mapped, ref.height) ?? NO_REQUEST;
        return mapBlock(await this.blocks.getColdBlock(ref.hash, request, hot.getFinalizedHeight()), request);
      },
      getBlockRange: (from, to) => {
        if (to.height === undefined) throw new Error("A head came without its height.");
        // The library asks for the block after its own head, also where the chain's head is an older one.
        return this.hotBlocks(
          mapped,
          { from: Math.min(from, to.height), to: to.height },
          hot.getFinalizedHeight(),
        );
      },
    });
    for await (const best of followHeads(rpc, headPollInterval)) {
      const finalized = { height: Math.max(best.height - finalityConfirmation, 0) };
      for (let attempt = 1; attempt <= HOT_ATTEMPTS; attempt += 1) {
        try {
          await hot.goto({ best, finalized });
          break;
        } catch (error) {
          if (!isDataConsistencyError(error)) throw error;
          log?.debug(`attempt ${attempt} to reach block ${best.height}: ${error.message}`);
          await sleep(HOT_RETRY_MS);
        }
      }
    }
  }

  private async *hotBlocks(
    requests: ReturnType<typeof mapRequests>,
    whole: FiniteRange,
    finalizedHeight: number,
  ): AsyncGenerator<Block[]> {
    for (const part of splitRangeByRequest(requests, whole)) {
      const request = part.request ?? NO_REQUEST;
      for (const range of splitRange(HOT_SPLIT, part.range)) {
        const read = await this.blocks.getHotSplit({ range, request, finalizedHeight });
        const blocks = read.map((block) => mapBlock(block, request));
        yield blocks;
        const last = blocks.at(-1)?.header.height ?? range.from - 1;
        if (last < range.to) throw new BlockConsistencyError({ height: last + 1 });
      }
    }
  }
}

function mapRequests(requests: RangeRequest<DataRequest>[]) {
  return requests.map(({ range, request }) => ({ range, request: toMappingRequest(request) }));
}
