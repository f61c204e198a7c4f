module.exports = class Network0000000000001 {
  name = "Network0000000000001";

  async up(db) {
    await db.query(
      `CREATE TABLE "pool" ("id" character varying NOT NULL, "bond" numeric NOT NULL, "bond_from" integer, "assets" numeric NOT NULL, "shares" numeric NOT NULL, "commission_bps" integer NOT NULL, "generation" integer NOT NULL, "open_slashes" integer NOT NULL, "streaming" numeric NOT NULL, "arriving" numeric NOT NULL, "vested" numeric NOT NULL, "owner_income" numeric NOT NULL, "income_updated_at" TIMESTAMP WITH TIME ZONE, "stake" numeric NOT NULL, "owner_income_total" numeric NOT NULL, "pool_income_total" numeric NOT NULL, "delegators" integer NOT NULL, "node_id" character varying, CONSTRAINT "REL_ca79954915dc0351984757e2e9" UNIQUE ("node_id"), CONSTRAINT "PK_db1bfe411e1516c01120b85f8fe" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE UNIQUE INDEX "IDX_ca79954915dc0351984757e2e9" ON "pool" ("node_id")`);
    await db.query(
      `CREATE TABLE "node_update" ("id" character varying NOT NULL, "kind" character varying(10) NOT NULL, "value" text NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "node_id" character varying, CONSTRAINT "PK_7593bcad951a4692c27aa264f9c" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_5a23f0f250bb0e2ee7c84c1255" ON "node_update" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_608208df0599889929810481c5" ON "node_update" ("kind")`);
    await db.query(`CREATE INDEX "IDX_c744eb003249c1411923b10ecf" ON "node_update" ("timestamp")`);
    await db.query(
      `CREATE TABLE "stake_checkpoint" ("id" character varying NOT NULL, "from_epoch" integer NOT NULL, "stake" numeric NOT NULL, "bond" numeric NOT NULL, "node_id" character varying, CONSTRAINT "PK_4e2d78c7eede55fe7b170e7e136" PRIMARY KEY ("id"))`,
    );
    await db.query(
      `CREATE INDEX "IDX_71ec97508fc44bb7d4bd7bda7d" ON "stake_checkpoint" ("node_id", "from_epoch")`,
    );
    await db.query(
      `CREATE TABLE "delegation" ("id" character varying NOT NULL, "shares" numeric NOT NULL, "voting_units" numeric NOT NULL, "generation" integer NOT NULL, "exiting" numeric NOT NULL, "total_delegated" numeric NOT NULL, "total_withdrawn" numeric NOT NULL, "since" TIMESTAMP WITH TIME ZONE NOT NULL, "node_id" character varying, "delegator_id" character varying, CONSTRAINT "PK_a2cb6c9b942d68b109131beab44" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_0bf3c5c0905f35067006bb2d2f" ON "delegation" ("delegator_id")`);
    await db.query(`CREATE INDEX "IDX_90c455a51397d64006d85d4554" ON "delegation" ("node_id", "shares")`);
    await db.query(
      `CREATE TABLE "service_proof" ("id" character varying NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "node_id" character varying, "epoch_id" character varying, "attestation_id" character varying, CONSTRAINT "REL_c5a32eca3906f3907197451ba5" UNIQUE ("attestation_id"), CONSTRAINT "PK_ce122375ce2ab747525963c5f77" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_34a67e77c2c6b1e49999eb126b" ON "service_proof" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_719001b58c8d3948261b055779" ON "service_proof" ("epoch_id")`);
    await db.query(
      `CREATE UNIQUE INDEX "IDX_c5a32eca3906f3907197451ba5" ON "service_proof" ("attestation_id")`,
    );
    await db.query(`CREATE INDEX "IDX_aa4238b3f9a888db1d84eefc3d" ON "service_proof" ("timestamp")`);
    await db.query(
      `CREATE TABLE "attestation" ("id" character varying NOT NULL, "epoch_number" integer NOT NULL, "status" character varying(8) NOT NULL, "receipt_root" text NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "audit_commitment" text NOT NULL, "attestation_hash" text NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "node_id" character varying, "epoch_id" character varying, CONSTRAINT "PK_c5443ea47f1f49c64c47257a6a2" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_766b932e343c487b37ffdb84cd" ON "attestation" ("epoch_id")`);
    await db.query(`CREATE INDEX "IDX_122360b3bcc5c167aeca1380d4" ON "attestation" ("epoch_number")`);
    await db.query(`CREATE INDEX "IDX_37af9309283deb97e7c2f5c34d" ON "attestation" ("timestamp")`);
    await db.query(
      `CREATE INDEX "IDX_ed32bbb1fe7794de67773b59da" ON "attestation" ("node_id", "epoch_number")`,
    );
    await db.query(
      `CREATE TABLE "reward_claim" ("id" character varying NOT NULL, "epoch_number" integer NOT NULL, "work" numeric NOT NULL, "availability" numeric NOT NULL, "fees" numeric NOT NULL, "total" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "node_id" character varying, "epoch_id" character varying, CONSTRAINT "PK_ecf9eb6840f52940b38611738a2" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_d33cf8bbdf2094fa04e8127e4b" ON "reward_claim" ("epoch_id")`);
    await db.query(`CREATE INDEX "IDX_8c39520da778b8b176d5679666" ON "reward_claim" ("epoch_number")`);
    await db.query(`CREATE INDEX "IDX_5199af44123014a81e653dae2f" ON "reward_claim" ("timestamp")`);
    await db.query(
      `CREATE INDEX "IDX_f6e0c3ca4b7d6d4747b4967e87" ON "reward_claim" ("node_id", "epoch_number")`,
    );
    await db.query(
      `CREATE TABLE "app_signer" ("id" character varying NOT NULL, "signer" text NOT NULL, "first_epoch" integer NOT NULL, "last_epoch" integer, "added_at" TIMESTAMP WITH TIME ZONE NOT NULL, "revoked_at" TIMESTAMP WITH TIME ZONE, "app_id" character varying, CONSTRAINT "PK_de25e472e6134ed4995a9f5661f" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_1bba0b66cbd207bb3a99d11eda" ON "app_signer" ("app_id")`);
    await db.query(`CREATE INDEX "IDX_cc33d21f972e9d304ed2c107af" ON "app_signer" ("signer")`);
    await db.query(
      `CREATE TABLE "app_node_account" ("id" character varying NOT NULL, "node_number" numeric NOT NULL, "paid" numeric NOT NULL, "score" numeric NOT NULL, "reserved" numeric NOT NULL, "thawing" numeric NOT NULL, "releasable_epoch" integer, "app_id" character varying, "node_id" character varying, CONSTRAINT "PK_332c949eb6d2787283769e0afbc" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_00514718fd809e63ae3ab3c3ad" ON "app_node_account" ("app_id")`);
    await db.query(`CREATE INDEX "IDX_a2991ee8accbc77a1cf4d9313c" ON "app_node_account" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_0314689526e0245623bc5c0759" ON "app_node_account" ("node_number")`);
    await db.query(
      `CREATE TABLE "app_deposit" ("id" character varying NOT NULL, "amount" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "app_id" character varying, "from_id" character varying, CONSTRAINT "PK_5a5b37a1425e3ca02ebc3ae258c" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_344fe93f659e31636e0209d13c" ON "app_deposit" ("app_id")`);
    await db.query(`CREATE INDEX "IDX_44f4df22050c6e44469731e38b" ON "app_deposit" ("from_id")`);
    await db.query(`CREATE INDEX "IDX_13cebbba74a21a17f75185fbe5" ON "app_deposit" ("timestamp")`);
    await db.query(
      `CREATE TABLE "app_withdrawal" ("id" character varying NOT NULL, "amount" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "app_id" character varying, "to_id" character varying, CONSTRAINT "PK_f2707e0c6f33d9f0416c49d4037" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_1e63024a96e9ac0c15c049c8f8" ON "app_withdrawal" ("app_id")`);
    await db.query(`CREATE INDEX "IDX_9013c4324024d7680f5ec5d99b" ON "app_withdrawal" ("to_id")`);
    await db.query(`CREATE INDEX "IDX_86501e6d743e6e7f5a89435141" ON "app_withdrawal" ("timestamp")`);
    await db.query(
      `CREATE TABLE "app" ("id" character varying NOT NULL, "balance" numeric NOT NULL, "reserved" numeric NOT NULL, "paid" numeric NOT NULL, "score" numeric NOT NULL, "deposited" numeric NOT NULL, "withdrawn" numeric NOT NULL, "created_at" TIMESTAMP WITH TIME ZONE NOT NULL, "account_id" character varying, CONSTRAINT "PK_9478629fc093d229df09e560aea" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_67616a35344586911a7e0e936f" ON "app" ("account_id")`);
    await db.query(
      `CREATE TABLE "voucher_collection" ("id" character varying NOT NULL, "amount" numeric NOT NULL, "score" numeric NOT NULL, "from_reserve" numeric NOT NULL, "burned" numeric NOT NULL, "scored_burn" numeric NOT NULL, "treasury" numeric NOT NULL, "stakers" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "app_id" character varying, "node_id" character varying, "account_id" character varying, "epoch_id" character varying, CONSTRAINT "PK_4f2115062c1a11ae50e673ecbf5" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_e3e13941d50c0dc50bf4f1bf0f" ON "voucher_collection" ("app_id")`);
    await db.query(`CREATE INDEX "IDX_31275b6f46eb10c3284fbdc6a3" ON "voucher_collection" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_640c06d5d703614afa2cf08fdb" ON "voucher_collection" ("account_id")`);
    await db.query(`CREATE INDEX "IDX_d370021b7d9b82c8b355df68b5" ON "voucher_collection" ("epoch_id")`);
    await db.query(`CREATE INDEX "IDX_ff3f809e5eac32d983441433fd" ON "voucher_collection" ("timestamp")`);
    await db.query(
      `CREATE TABLE "epoch" ("id" character varying NOT NULL, "number" integer NOT NULL, "starts_at" TIMESTAMP WITH TIME ZONE NOT NULL, "ends_at" TIMESTAMP WITH TIME ZONE NOT NULL, "seed_status" character varying(7) NOT NULL, "armed_block" integer, "seed" text, "drawn_block" integer, "drawn_at" TIMESTAMP WITH TIME ZONE, "proof_deadline_at" TIMESTAMP WITH TIME ZONE, "proof_deadline_block" integer, "settled_burned" numeric, "settled_stake" numeric, "attestation_count" integer NOT NULL, "proof_count" integer NOT NULL, "claim_count" integer NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_scored" numeric NOT NULL, "fees_treasury" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "flushed" boolean NOT NULL, "flushed_at" TIMESTAMP WITH TIME ZONE, "work_rewards" numeric NOT NULL, "availability_rewards" numeric NOT NULL, CONSTRAINT "PK_247e7fe519fa359ba924d04f289" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_fba3b02039856b239f281bddf9" ON "epoch" ("number")`);
    await db.query(
      `CREATE TABLE "node_epoch" ("id" character varying NOT NULL, "number" integer NOT NULL, "status" character varying(8) NOT NULL, "claimed" boolean NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "stake" numeric NOT NULL, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_scored" numeric NOT NULL, "fees_treasury" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "work_reward" numeric NOT NULL, "availability_reward" numeric NOT NULL, "node_id" character varying, "epoch_id" character varying, CONSTRAINT "PK_13fd096146b5d65310c42a67dcb" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_c1301ac5cb6d3153a8cd96d40c" ON "node_epoch" ("epoch_id")`);
    await db.query(`CREATE INDEX "IDX_bd2ce61c517496d905c54f0460" ON "node_epoch" ("number")`);
    await db.query(`CREATE INDEX "IDX_5a8110ff23b4399b513e42ee05" ON "node_epoch" ("node_id", "number")`);
    await db.query(
      `CREATE TABLE "node" ("id" character varying NOT NULL, "number" integer NOT NULL, "operator" text NOT NULL, "region" integer NOT NULL, "endpoint" text NOT NULL, "price_per_gb" numeric NOT NULL, "registered_at" TIMESTAMP WITH TIME ZONE NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "epochs_attested" integer NOT NULL, "epochs_proven" integer NOT NULL, "last_attested_epoch" integer, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "work_rewards" numeric NOT NULL, "availability_rewards" numeric NOT NULL, "owner_id" character varying, CONSTRAINT "PK_8c8caf5f29d25264abe9eaf94dd" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_bfbc39494b0bc6d9297d5cfebb" ON "node" ("number")`);
    await db.query(`CREATE INDEX "IDX_8ffa491fa96eb26764dcf9a81f" ON "node" ("owner_id")`);
    await db.query(`CREATE INDEX "IDX_626197714589c5c5b649abe53d" ON "node" ("operator")`);
    await db.query(`CREATE INDEX "IDX_a584ef000c581013a3b62ebb2b" ON "node" ("region")`);
    await db.query(
      `CREATE TABLE "exit_request" ("id" character varying NOT NULL, "kind" character varying(10) NOT NULL, "period" integer NOT NULL, "amount" numeric NOT NULL, "paid" numeric NOT NULL, "requested_at" TIMESTAMP WITH TIME ZONE NOT NULL, "node_id" character varying, "account_id" character varying, CONSTRAINT "PK_c891ef4e140cae7bc85df16d7d9" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_2663f4841598126a0d78319e3c" ON "exit_request" ("account_id")`);
    await db.query(`CREATE INDEX "IDX_19fd62d7039c028da9a645653e" ON "exit_request" ("node_id", "period")`);
    await db.query(
      `CREATE TABLE "stake_action" ("id" character varying NOT NULL, "kind" character varying(18) NOT NULL, "amount" numeric NOT NULL, "shares" numeric, "period" integer, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "node_id" character varying, "account_id" character varying, CONSTRAINT "PK_4524ffc3ebdf57cd2da844ac4f0" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_19f41213e777e8292db0fe2400" ON "stake_action" ("kind")`);
    await db.query(`CREATE INDEX "IDX_0710656d232a3d0a7208444992" ON "stake_action" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_4fdf3b2bb9c4e5b4aefecce9bd" ON "stake_action" ("account_id")`);
    await db.query(`CREATE INDEX "IDX_cccee52c5a2e31ac4373c4c014" ON "stake_action" ("timestamp")`);
    await db.query(
      `CREATE TABLE "transfer" ("id" character varying NOT NULL, "amount" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "from_id" character varying, "to_id" character varying, CONSTRAINT "PK_fd9ddbdd49a17afcbe014401295" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_76bdfed1a7eb27c6d8ecbb7349" ON "transfer" ("from_id")`);
    await db.query(`CREATE INDEX "IDX_0751309c66e97eac9ef1149362" ON "transfer" ("to_id")`);
    await db.query(`CREATE INDEX "IDX_70ff8b624c3118ac3a4862d22c" ON "transfer" ("timestamp")`);
    await db.query(`CREATE INDEX "IDX_f605a03972b4f28db27a0ee70d" ON "transfer" ("tx_hash")`);
    await db.query(
      `CREATE TABLE "account" ("id" character varying NOT NULL, "balance" numeric NOT NULL, "staked_units" numeric NOT NULL, "votes" numeric NOT NULL, "delegate_id" character varying, CONSTRAINT "PK_54115ee388cdb6d86bb4bf5b2ea" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_b56db9a294b3b42014825163f7" ON "account" ("delegate_id")`);
    await db.query(`CREATE INDEX "IDX_bd893045760f719e24a95a4256" ON "account" ("balance", "id")`);
    await db.query(
      `CREATE TABLE "network" ("id" character varying NOT NULL, "chain_id" integer NOT NULL, "genesis_at" TIMESTAMP WITH TIME ZONE NOT NULL, "epoch_seconds" integer NOT NULL, "current_epoch" integer NOT NULL, "token" text NOT NULL, "node_registry" text NOT NULL, "node_staking" text NOT NULL, "payment_escrow" text NOT NULL, "service_attestations" text NOT NULL, "reward_distributor" text NOT NULL, "nodes" integer NOT NULL, "apps" integer NOT NULL, "token_holders" integer NOT NULL, "attestations" integer NOT NULL, "proofs" integer NOT NULL, "claims" integer NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_treasury" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "fees_flushed" numeric NOT NULL, "work_rewards" numeric NOT NULL, "availability_rewards" numeric NOT NULL, "rewards_minted" numeric NOT NULL, "rewards_pending" numeric NOT NULL, "bonded" numeric NOT NULL, "delegated" numeric NOT NULL, "total_stake" numeric NOT NULL, "token_supply" numeric NOT NULL, "token_minted" numeric NOT NULL, "token_burned" numeric NOT NULL, "treasury_id" character varying, CONSTRAINT "PK_8f8264c2d37cbbd8282ee9a3c97" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_46f73fbe60fb37c80d1ae1d904" ON "network" ("treasury_id")`);
    await db.query(
      `CREATE TABLE "network_stake_checkpoint" ("id" character varying NOT NULL, "from_epoch" integer NOT NULL, "total_stake" numeric NOT NULL, CONSTRAINT "PK_ecbecbcdfdd9e045d49516928c4" PRIMARY KEY ("id"))`,
    );
    await db.query(
      `CREATE INDEX "IDX_e4b2f8998a8b41893cb8e589af" ON "network_stake_checkpoint" ("from_epoch")`,
    );
    await db.query(
      `CREATE TABLE "reward_mint" ("id" character varying NOT NULL, "amount" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, CONSTRAINT "PK_fb3256c3a5e7e428f736ffb6806" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_67c3b8eab6d933da97bdbdb189" ON "reward_mint" ("timestamp")`);
    await db.query(
      `CREATE TABLE "network_day" ("id" character varying NOT NULL, "day" TIMESTAMP WITH TIME ZONE NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "attestations" integer NOT NULL, "proofs" integer NOT NULL, "claims" integer NOT NULL, "collections" integer NOT NULL, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_treasury" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "work_rewards" numeric NOT NULL, "availability_rewards" numeric NOT NULL, "rewards_minted" numeric NOT NULL, "nodes_registered" integer NOT NULL, "transfers" integer NOT NULL, "transfer_volume" numeric NOT NULL, CONSTRAINT "PK_49d869b523240382edfbc61680a" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_d00c3367a15720e863a8421935" ON "network_day" ("day")`);
    await db.query(
      `ALTER TABLE "pool" ADD CONSTRAINT "FK_ca79954915dc0351984757e2e93" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_update" ADD CONSTRAINT "FK_5a23f0f250bb0e2ee7c84c12555" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "stake_checkpoint" ADD CONSTRAINT "FK_cc891399c14bd00a3cdd15e6711" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "delegation" ADD CONSTRAINT "FK_6b405afb07543beea401c8fcaf3" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "delegation" ADD CONSTRAINT "FK_0bf3c5c0905f35067006bb2d2f4" FOREIGN KEY ("delegator_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "service_proof" ADD CONSTRAINT "FK_34a67e77c2c6b1e49999eb126bf" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "service_proof" ADD CONSTRAINT "FK_719001b58c8d3948261b0557791" FOREIGN KEY ("epoch_id") REFERENCES "epoch"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "service_proof" ADD CONSTRAINT "FK_c5a32eca3906f3907197451ba5d" FOREIGN KEY ("attestation_id") REFERENCES "attestation"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "attestation" ADD CONSTRAINT "FK_d14365852e04761ed9b7ad40dcd" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "attestation" ADD CONSTRAINT "FK_766b932e343c487b37ffdb84cda" FOREIGN KEY ("epoch_id") REFERENCES "epoch"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "reward_claim" ADD CONSTRAINT "FK_e8646395236ace37116864d9588" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "reward_claim" ADD CONSTRAINT "FK_d33cf8bbdf2094fa04e8127e4b4" FOREIGN KEY ("epoch_id") REFERENCES "epoch"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "app_signer" ADD CONSTRAINT "FK_1bba0b66cbd207bb3a99d11edad" FOREIGN KEY ("app_id") REFERENCES "app"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "app_node_account" ADD CONSTRAINT "FK_00514718fd809e63ae3ab3c3adb" FOREIGN KEY ("app_id") REFERENCES "app"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "app_node_account" ADD CONSTRAINT "FK_a2991ee8accbc77a1cf4d9313c9" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "app_deposit" ADD CONSTRAINT "FK_344fe93f659e31636e0209d13c6" FOREIGN KEY ("app_id") REFERENCES "app"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "app_deposit" ADD CONSTRAINT "FK_44f4df22050c6e44469731e38bf" FOREIGN KEY ("from_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "app_withdrawal" ADD CONSTRAINT "FK_1e63024a96e9ac0c15c049c8f81" FOREIGN KEY ("app_id") REFERENCES "app"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "app_withdrawal" ADD CONSTRAINT "FK_9013c4324024d7680f5ec5d99ba" FOREIGN KEY ("to_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "app" ADD CONSTRAINT "FK_67616a35344586911a7e0e936f6" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "voucher_collection" ADD CONSTRAINT "FK_e3e13941d50c0dc50bf4f1bf0f5" FOREIGN KEY ("app_id") REFERENCES "app"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "voucher_collection" ADD CONSTRAINT "FK_31275b6f46eb10c3284fbdc6a39" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "voucher_collection" ADD CONSTRAINT "FK_640c06d5d703614afa2cf08fdb5" FOREIGN KEY ("account_id") REFERENCES "app_node_account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "voucher_collection" ADD CONSTRAINT "FK_d370021b7d9b82c8b355df68b52" FOREIGN KEY ("epoch_id") REFERENCES "epoch"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_epoch" ADD CONSTRAINT "FK_00cc4003592e824383a9ba526c1" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_epoch" ADD CONSTRAINT "FK_c1301ac5cb6d3153a8cd96d40c5" FOREIGN KEY ("epoch_id") REFERENCES "epoch"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node" ADD CONSTRAINT "FK_8ffa491fa96eb26764dcf9a81fd" FOREIGN KEY ("owner_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "exit_request" ADD CONSTRAINT "FK_3ba6240b5425055465568fa6b77" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "exit_request" ADD CONSTRAINT "FK_2663f4841598126a0d78319e3c1" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "stake_action" ADD CONSTRAINT "FK_0710656d232a3d0a72084449922" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "stake_action" ADD CONSTRAINT "FK_4fdf3b2bb9c4e5b4aefecce9bda" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "transfer" ADD CONSTRAINT "FK_76bdfed1a7eb27c6d8ecbb73496" FOREIGN KEY ("from_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "transfer" ADD CONSTRAINT "FK_0751309c66e97eac9ef11493623" FOREIGN KEY ("to_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "account" ADD CONSTRAINT "FK_b56db9a294b3b42014825163f72" FOREIGN KEY ("delegate_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "network" ADD CONSTRAINT "FK_46f73fbe60fb37c80d1ae1d904b" FOREIGN KEY ("treasury_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
  }

  async down(db) {
    await db.query(`ALTER TABLE "network" DROP CONSTRAINT "FK_46f73fbe60fb37c80d1ae1d904b"`);
    await db.query(`ALTER TABLE "account" DROP CONSTRAINT "FK_b56db9a294b3b42014825163f72"`);
    await db.query(`ALTER TABLE "transfer" DROP CONSTRAINT "FK_0751309c66e97eac9ef11493623"`);
    await db.query(`ALTER TABLE "transfer" DROP CONSTRAINT "FK_76bdfed1a7eb27c6d8ecbb73496"`);
    await db.query(`ALTER TABLE "stake_action" DROP CONSTRAINT "FK_4fdf3b2bb9c4e5b4aefecce9bda"`);
    await db.query(`ALTER TABLE "stake_action" DROP CONSTRAINT "FK_0710656d232a3d0a72084449922"`);
    await db.query(`ALTER TABLE "exit_request" DROP CONSTRAINT "FK_2663f4841598126a0d78319e3c1"`);
    await db.query(`ALTER TABLE "exit_request" DROP CONSTRAINT "FK_3ba6240b5425055465568fa6b77"`);
    await db.query(`ALTER TABLE "node" DROP CONSTRAINT "FK_8ffa491fa96eb26764dcf9a81fd"`);
    await db.query(`ALTER TABLE "node_epoch" DROP CONSTRAINT "FK_c1301ac5cb6d3153a8cd96d40c5"`);
    await db.query(`ALTER TABLE "node_epoch" DROP CONSTRAINT "FK_00cc4003592e824383a9ba526c1"`);
    await db.query(`ALTER TABLE "voucher_collection" DROP CONSTRAINT "FK_d370021b7d9b82c8b355df68b52"`);
    await db.query(`ALTER TABLE "voucher_collection" DROP CONSTRAINT "FK_640c06d5d703614afa2cf08fdb5"`);
    await db.query(`ALTER TABLE "voucher_collection" DROP CONSTRAINT "FK_31275b6f46eb10c3284fbdc6a39"`);
    await db.query(`ALTER TABLE "voucher_collection" DROP CONSTRAINT "FK_e3e13941d50c0dc50bf4f1bf0f5"`);
    await db.query(`ALTER TABLE "app" DROP CONSTRAINT "FK_67616a35344586911a7e0e936f6"`);
    await db.query(`ALTER TABLE "app_withdrawal" DROP CONSTRAINT "FK_9013c4324024d7680f5ec5d99ba"`);
    await db.query(`ALTER TABLE "app_withdrawal" DROP CONSTRAINT "FK_1e63024a96e9ac0c15c049c8f81"`);
    await db.query(`ALTER TABLE "app_deposit" DROP CONSTRAINT "FK_44f4df22050c6e44469731e38bf"`);
    await db.query(`ALTER TABLE "app_deposit" DROP CONSTRAINT "FK_344fe93f659e31636e0209d13c6"`);
    await db.query(`ALTER TABLE "app_node_account" DROP CONSTRAINT "FK_a2991ee8accbc77a1cf4d9313c9"`);
    await db.query(`ALTER TABLE "app_node_account" DROP CONSTRAINT "FK_00514718fd809e63ae3ab3c3adb"`);
    await db.query(`ALTER TABLE "app_signer" DROP CONSTRAINT "FK_1bba0b66cbd207bb3a99d11edad"`);
    await db.query(`ALTER TABLE "reward_claim" DROP CONSTRAINT "FK_d33cf8bbdf2094fa04e8127e4b4"`);
    await db.query(`ALTER TABLE "reward_claim" DROP CONSTRAINT "FK_e8646395236ace37116864d9588"`);
    await db.query(`ALTER TABLE "attestation" DROP CONSTRAINT "FK_766b932e343c487b37ffdb84cda"`);
    await db.query(`ALTER TABLE "attestation" DROP CONSTRAINT "FK_d14365852e04761ed9b7ad40dcd"`);
    await db.query(`ALTER TABLE "service_proof" DROP CONSTRAINT "FK_c5a32eca3906f3907197451ba5d"`);
    await db.query(`ALTER TABLE "service_proof" DROP CONSTRAINT "FK_719001b58c8d3948261b0557791"`);
    await db.query(`ALTER TABLE "service_proof" DROP CONSTRAINT "FK_34a67e77c2c6b1e49999eb126bf"`);
    await db.query(`ALTER TABLE "delegation" DROP CONSTRAINT "FK_0bf3c5c0905f35067006bb2d2f4"`);
    await db.query(`ALTER TABLE "delegation" DROP CONSTRAINT "FK_6b405afb07543beea401c8fcaf3"`);
    await db.query(`ALTER TABLE "stake_checkpoint" DROP CONSTRAINT "FK_cc891399c14bd00a3cdd15e6711"`);
    await db.query(`ALTER TABLE "node_update" DROP CONSTRAINT "FK_5a23f0f250bb0e2ee7c84c12555"`);
    await db.query(`ALTER TABLE "pool" DROP CONSTRAINT "FK_ca79954915dc0351984757e2e93"`);
    await db.query(`DROP INDEX "public"."IDX_d00c3367a15720e863a8421935"`);
    await db.query(`DROP TABLE "network_day"`);
    await db.query(`DROP INDEX "public"."IDX_67c3b8eab6d933da97bdbdb189"`);
    await db.query(`DROP TABLE "reward_mint"`);
    await db.query(`DROP INDEX "public"."IDX_e4b2f8998a8b41893cb8e589af"`);
    await db.query(`DROP TABLE "network_stake_checkpoint"`);
    await db.query(`DROP INDEX "public"."IDX_46f73fbe60fb37c80d1ae1d904"`);
    await db.query(`DROP TABLE "network"`);
    await db.query(`DROP INDEX "public"."IDX_bd893045760f719e24a95a4256"`);
    await db.query(`DROP INDEX "public"."IDX_b56db9a294b3b42014825163f7"`);
    await db.query(`DROP TABLE "account"`);
    await db.query(`DROP INDEX "public"."IDX_f605a03972b4f28db27a0ee70d"`);
    await db.query(`DROP INDEX "public"."IDX_70ff8b624c3118ac3a4862d22c"`);
    await db.query(`DROP INDEX "public"."IDX_0751309c66e97eac9ef1149362"`);
    await db.query(`DROP INDEX "public"."IDX_76bdfed1a7eb27c6d8ecbb7349"`);
    await db.query(`DROP TABLE "transfer"`);
    await db.query(`DROP INDEX "public"."IDX_cccee52c5a2e31ac4373c4c014"`);
    await db.query(`DROP INDEX "public"."IDX_4fdf3b2bb9c4e5b4aefecce9bd"`);
    await db.query(`DROP INDEX "public"."IDX_0710656d232a3d0a7208444992"`);
    await db.query(`DROP INDEX "public"."IDX_19f41213e777e8292db0fe2400"`);
    await db.query(`DROP TABLE "stake_action"`);
    await db.query(`DROP INDEX "public"."IDX_19fd62d7039c028da9a645653e"`);
    await db.query(`DROP INDEX "public"."IDX_2663f4841598126a0d78319e3c"`);
    await db.query(`DROP TABLE "exit_request"`);
    await db.query(`DROP INDEX "public"."IDX_a584ef000c581013a3b62ebb2b"`);
    await db.query(`DROP INDEX "public"."IDX_626197714589c5c5b649abe53d"`);
    await db.query(`DROP INDEX "public"."IDX_8ffa491fa96eb26764dcf9a81f"`);
    await db.query(`DROP INDEX "public"."IDX_bfbc39494b0bc6d9297d5cfebb"`);
    await db.query(`DROP TABLE "node"`);
    await db.query(`DROP INDEX "public"."IDX_5a8110ff23b4399b513e42ee05"`);
    await db.query(`DROP INDEX "public"."IDX_bd2ce61c517496d905c54f0460"`);
    await db.query(`DROP INDEX "public"."IDX_c1301ac5cb6d3153a8cd96d40c"`);
    await db.query(`DROP TABLE "node_epoch"`);
    await db.query(`DROP INDEX "public"."IDX_fba3b02039856b239f281bddf9"`);
    await db.query(`DROP TABLE "epoch"`);
    await db.query(`DROP INDEX "public"."IDX_ff3f809e5eac32d983441433fd"`);
    await db.query(`DROP INDEX "public"."IDX_d370021b7d9b82c8b355df68b5"`);
    await db.query(`DROP INDEX "public"."IDX_640c06d5d703614afa2cf08fdb"`);
    await db.query(`DROP INDEX "public"."IDX_31275b6f46eb10c3284fbdc6a3"`);
    await db.query(`DROP INDEX "public"."IDX_e3e13941d50c0dc50bf4f1bf0f"`);
    await db.query(`DROP TABLE "voucher_collection"`);
    await db.query(`DROP INDEX "public"."IDX_67616a35344586911a7e0e936f"`);
    await db.query(`DROP TABLE "app"`);
    await db.query(`DROP INDEX "public"."IDX_86501e6d743e6e7f5a89435141"`);
    await db.query(`DROP INDEX "public"."IDX_9013c4324024d7680f5ec5d99b"`);
    await db.query(`DROP INDEX "public"."IDX_1e63024a96e9ac0c15c049c8f8"`);
    await db.query(`DROP TABLE "app_withdrawal"`);
    await db.query(`DROP INDEX "public"."IDX_13cebbba74a21a17f75185fbe5"`);
    await db.query(`DROP INDEX "public"."IDX_44f4df22050c6e44469731e38b"`);
    await db.query(`DROP INDEX "public"."IDX_344fe93f659e31636e0209d13c"`);
    await db.query(`DROP TABLE "app_deposit"`);
    await db.query(`DROP INDEX "public"."IDX_0314689526e0245623bc5c0759"`);
    await db.query(`DROP INDEX "public"."IDX_a2991ee8accbc77a1cf4d9313c"`);
    await db.query(`DROP INDEX "public"."IDX_00514718fd809e63ae3ab3c3ad"`);
    await db.query(`DROP TABLE "app_node_account"`);
    await db.query(`DROP INDEX "public"."IDX_cc33d21f972e9d304ed2c107af"`);
    await db.query(`DROP INDEX "public"."IDX_1bba0b66cbd207bb3a99d11eda"`);
    await db.query(`DROP TABLE "app_signer"`);
    await db.query(`DROP INDEX "public"."IDX_f6e0c3ca4b7d6d4747b4967e87"`);
    await db.query(`DROP INDEX "public"."IDX_5199af44123014a81e653dae2f"`);
    await db.query(`DROP INDEX "public"."IDX_8c39520da778b8b176d5679666"`);
    await db.query(`DROP INDEX "public"."IDX_d33cf8bbdf2094fa04e8127e4b"`);
    await db.query(`DROP TABLE "reward_claim"`);
    await db.query(`DROP INDEX "public"."IDX_ed32bbb1fe7794de67773b59da"`);
    await db.query(`DROP INDEX "public"."IDX_37af9309283deb97e7c2f5c34d"`);
    await db.query(`DROP INDEX "public"."IDX_122360b3bcc5c167aeca1380d4"`);
    await db.query(`DROP INDEX "public"."IDX_766b932e343c487b37ffdb84cd"`);
    await db.query(`DROP TABLE "attestation"`);
    await db.query(`DROP INDEX "public"."IDX_aa4238b3f9a888db1d84eefc3d"`);
    await db.query(`DROP INDEX "public"."IDX_c5a32eca3906f3907197451ba5"`);
    await db.query(`DROP INDEX "public"."IDX_719001b58c8d3948261b055779"`);
    await db.query(`DROP INDEX "public"."IDX_34a67e77c2c6b1e49999eb126b"`);
    await db.query(`DROP TABLE "service_proof"`);
    await db.query(`DROP INDEX "public"."IDX_90c455a51397d64006d85d4554"`);
    await db.query(`DROP INDEX "public"."IDX_0bf3c5c0905f35067006bb2d2f"`);
    await db.query(`DROP TABLE "delegation"`);
    await db.query(`DROP INDEX "public"."IDX_71ec97508fc44bb7d4bd7bda7d"`);
    await db.query(`DROP TABLE "stake_checkpoint"`);
    await db.query(`DROP INDEX "public"."IDX_c744eb003249c1411923b10ecf"`);
    await db.query(`DROP INDEX "public"."IDX_608208df0599889929810481c5"`);
    await db.query(`DROP INDEX "public"."IDX_5a23f0f250bb0e2ee7c84c1255"`);
    await db.query(`DROP TABLE "node_update"`);
    await db.query(`DROP INDEX "public"."IDX_ca79954915dc0351984757e2e9"`);
    await db.query(`DROP TABLE "pool"`);
  }
};
