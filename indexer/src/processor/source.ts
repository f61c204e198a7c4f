import { EvmRpcDataSource, type EvmRpcDataSourceOptions } from "@subsquid/evm-processor/lib/ds-rpc/client";
import type { DataRequest } from "@subsquid/evm-processor/lib/interfaces/data-request";
import type { Block } from "@subsquid/evm-processor/lib/mapping/entities";
import { coldIngest } from "@subsquid/util-internal-ingest-tools";
import type { Batch } from "@subsquid/util-internal-processor-tools";
import type { RangeRequest } from "@subsquid/util-internal-range";

/**
 * The library's own source of blocks, but with larger batches while catching up: it commits each, and its ten blocks
 * make the database three times slower than it needs to be.
 */
export class BlockSource extends EvmRpcDataSource {
  constructor(
    private readonly options: EvmRpcDataSourceOptions & { readonly headPollInterval: number; readonly coldBatchBlocks: number },
  ) {
    super(options);
  }

  override getFinalizedBlocks(
    requests: RangeRequest<DataRequest>[],
    stopOnHead?: boolean,
  ): AsyncIterable<Batch<Block>> {
    return coldIngest({
      getFinalizedHeight: () => this.getFinalizedHeight(),
      // Element access reaches the library's private methods with their types.
      getSplit: (request) => this["_getColdSplit"](request),
      requests: requests.map(({ range, request }) => ({ range, request: this["toMappingRequest"](request) })),
      splitSize: this.options.coldBatchBlocks,
      concurrency: Math.min(5, this.options.rpc.getConcurrency()),
      stopOnHead,
      headPollInterval: this.options.headPollInterval,
    });
  }
}
