import { TypeormDatabase, type Store } from "@subsquid/typeorm-store";
import type { DatabaseTransactResult } from "@subsquid/typeorm-store/lib/database";
import type { FinalTxInfo, HashAndHeight, HotTxInfo } from "@subsquid/typeorm-store/lib/interfaces";
import type { DataSource } from "typeorm";
import { HEAD_CHANNEL, openEntities } from "../database/entities";

/** The library's database, opened by URL, migrated on opening, and telling its listeners of each new head. */
export class IndexerDatabase extends TypeormDatabase {
  /** Called after each commit, when listeners were told. */
  onHead: (head: HashAndHeight) => Promise<void> = async () => undefined;
  private source: DataSource | undefined;

  constructor(private readonly url: string) {
    super({ supportHotBlocks: true });
  }

  override async transact(
    info: FinalTxInfo,
    map: (store: Store) => Promise<DatabaseTransactResult | void>,
  ): Promise<void> {
    await super.transact(info, map);
    await this.announce(info.nextHead);
  }

  override async transactHot2(
    info: HotTxInfo,
    map: (store: Store, from: number, to: number) => Promise<DatabaseTransactResult | void>,
  ): Promise<void> {
    await super.transactHot2(info, map);
    await this.announce(info.newBlocks.at(-1) ?? info.baseHead);
  }

  protected override async initializeDataSource(): Promise<DataSource> {
    const source = await openEntities(this.url);
    await source.runMigrations({ transaction: "all" });
    this.source = source;
    return source;
  }

  /** After the commit, so that whoever listens reads what is announced. */
  private async announce({ height, hash }: HashAndHeight): Promise<void> {
    await this.source?.query("SELECT pg_notify($1, $2)", [HEAD_CHANNEL, JSON.stringify({ height, hash })]);
    await this.onHead({ height, hash });
  }
}
