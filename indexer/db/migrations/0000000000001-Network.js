module.exports = class Network0000000000001 {
  name = "Network0000000000001";

  async up(db) {
    await db.query(
      `CREATE TABLE "pool" ("id" character varying NOT NULL, "bond" numeric NOT NULL, "bond_from" integer, "assets" numeric NOT NULL, "shares" numeric NOT NULL, "commission_bps" integer NOT NULL, "commission_rise_bps" integer, "commission_rise_from" integer, "open_slashes" integer NOT NULL, "burn_awaiting_sync" numeric NOT NULL, "exits_from_period" integer NOT NULL, "streaming" numeric NOT NULL, "arriving" numeric NOT NULL, "vested" numeric NOT NULL, "owner_income" numeric NOT NULL, "income_updated_at" TIMESTAMP WITH TIME ZONE, "stake" numeric NOT NULL, "owner_income_total" numeric NOT NULL, "pool_income_total" numeric NOT NULL, "delegators" integer NOT NULL, "node_id" character varying, CONSTRAINT "REL_ca79954915dc0351984757e2e9" UNIQUE ("node_id"), CONSTRAINT "PK_db1bfe411e1516c01120b85f8fe" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE UNIQUE INDEX "IDX_ca79954915dc0351984757e2e9" ON "pool" ("node_id")`);
    await db.query(
      `CREATE TABLE "node_identity" ("id" character varying NOT NULL, "did" text, "did_hash" text, "linked_at" TIMESTAMP WITH TIME ZONE, "proposed_did" text, "attribute_salt" numeric, "node_id" character varying, "machine_id" character varying, "proposed_machine_id" character varying, "attribute_machine_id" character varying, "attribute_payer_id" character varying, CONSTRAINT "REL_2c564e633f33b02c964edbbb3a" UNIQUE ("node_id"), CONSTRAINT "PK_1d729bf3e2d7dd576de5923ee02" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE UNIQUE INDEX "IDX_2c564e633f33b02c964edbbb3a" ON "node_identity" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_61b061aa38c112280c49c66acd" ON "node_identity" ("machine_id")`);
    await db.query(
      `CREATE INDEX "IDX_d0974178f4ebd8df11075ccb58" ON "node_identity" ("proposed_machine_id")`,
    );
    await db.query(
      `CREATE INDEX "IDX_17e33c3b50e7ad740049ef8030" ON "node_identity" ("attribute_machine_id")`,
    );
    await db.query(`CREATE INDEX "IDX_c09851c7acebe6c4f3856b8c89" ON "node_identity" ("attribute_payer_id")`);
    await db.query(
      `CREATE TABLE "strike" ("id" character varying NOT NULL, "epoch_number" integer NOT NULL, "reason" character varying(14) NOT NULL, "counts" boolean NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "node_id" character varying, "poster_id" character varying, CONSTRAINT "PK_c75a050e11c047d08cdd6801b03" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_86f4f62324016fa76bfc2dfd7f" ON "strike" ("epoch_number")`);
    await db.query(`CREATE INDEX "IDX_e371be820e1930db4fb30df6f4" ON "strike" ("poster_id")`);
    await db.query(`CREATE INDEX "IDX_ce8c2c97b804e822fba53b24de" ON "strike" ("timestamp")`);
    await db.query(`CREATE INDEX "IDX_a9d4581f65e6e9750cb52fcb9a" ON "strike" ("node_id", "epoch_number")`);
    await db.query(
      `CREATE TABLE "jailing" ("id" character varying NOT NULL, "count" integer NOT NULL, "jailed_at" TIMESTAMP WITH TIME ZONE NOT NULL, "releasable_at" TIMESTAMP WITH TIME ZONE NOT NULL, "released_at" TIMESTAMP WITH TIME ZONE, "counts_from_epoch" integer, "tx_hash" text NOT NULL, "node_id" character varying, CONSTRAINT "PK_55e7ea38aa1aebd5ac489be22c3" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_0333d5f246445eb23c29865770" ON "jailing" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_3fa23de14ae395afa942c70c51" ON "jailing" ("jailed_at")`);
    await db.query(
      `CREATE TABLE "arbiter_panel" ("id" character varying NOT NULL, "members" text array NOT NULL, "ends_at" TIMESTAMP WITH TIME ZONE NOT NULL, "appointed_at" TIMESTAMP WITH TIME ZONE NOT NULL, CONSTRAINT "PK_fc6e5976314647d2b8e80677f7f" PRIMARY KEY ("id"))`,
    );
    await db.query(
      `CREATE TABLE "arbiter_vote" ("id" character varying NOT NULL, "uphold" boolean NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "case_id" character varying, "arbiter_id" character varying, CONSTRAINT "PK_1c98c0375334ccb43fce5b6ea0a" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_d534200cad84540b85db12c5a6" ON "arbiter_vote" ("case_id")`);
    await db.query(`CREATE INDEX "IDX_97e53d8f904da1716e5542d2f0" ON "arbiter_vote" ("arbiter_id")`);
    await db.query(`CREATE INDEX "IDX_ee7ae2dbc18237d1a25707e566" ON "arbiter_vote" ("timestamp")`);
    await db.query(
      `CREATE TABLE "arbitration_case" ("id" character varying NOT NULL, "status" character varying(9) NOT NULL, "fault_at" TIMESTAMP WITH TIME ZONE NOT NULL, "deposit" numeric NOT NULL, "slash_amount" numeric NOT NULL, "pool_limit_bps" integer NOT NULL, "answer_until" TIMESTAMP WITH TIME ZONE NOT NULL, "ruling_until" TIMESTAMP WITH TIME ZONE NOT NULL, "evidence_hash" text NOT NULL, "evidence_uri" text NOT NULL, "answer_hash" text, "answer_uri" text, "answered_at" TIMESTAMP WITH TIME ZONE, "uphold" integer NOT NULL, "dismiss" integer NOT NULL, "closed_at" TIMESTAMP WITH TIME ZONE, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "node_id" character varying, "challenger_id" character varying, "panel_id" character varying, "deposit_to_id" character varying, CONSTRAINT "PK_35f7723b75d2c941aa802bb2d08" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_050ff7a71d1d286bc0c5f579ad" ON "arbitration_case" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_6fd8a4938528356c6dd404ea87" ON "arbitration_case" ("challenger_id")`);
    await db.query(`CREATE INDEX "IDX_7b3883fc87e2dc99bee1632995" ON "arbitration_case" ("panel_id")`);
    await db.query(`CREATE INDEX "IDX_1dc20cc15b5ae1828fdc4b5761" ON "arbitration_case" ("status")`);
    await db.query(`CREATE INDEX "IDX_5ea978b0d424c5dfd2e648de3b" ON "arbitration_case" ("deposit_to_id")`);
    await db.query(`CREATE INDEX "IDX_c4b3dd43461a575d27327538b3" ON "arbitration_case" ("timestamp")`);
    await db.query(
      `CREATE TABLE "slash" ("id" character varying NOT NULL, "kind" character varying(13) NOT NULL, "reference_id" numeric NOT NULL, "status" character varying(10) NOT NULL, "opened_at" TIMESTAMP WITH TIME ZONE NOT NULL, "appeal_until" TIMESTAMP WITH TIME ZONE NOT NULL, "ended_at" TIMESTAMP WITH TIME ZONE, "amount" numeric NOT NULL, "from_bond" numeric NOT NULL, "from_bond_exit_previous" numeric NOT NULL, "from_bond_exit_current" numeric NOT NULL, "from_pool" numeric NOT NULL, "from_exit_previous" numeric NOT NULL, "from_exit_current" numeric NOT NULL, "loss_previous" numeric NOT NULL, "loss_current" numeric NOT NULL, "period" integer NOT NULL, "bounty_bps" integer NOT NULL, "bounty" numeric, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "end_tx_hash" text, "node_id" character varying, "reporter_id" character varying, CONSTRAINT "PK_21170fe23f4bb830eaaff8bd4e9" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_04a8578cf7c04d3abcc604fe94" ON "slash" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_4489f9fe9bcc855ca337d98a35" ON "slash" ("reporter_id")`);
    await db.query(`CREATE INDEX "IDX_b2e0a6921145141c08780eef98" ON "slash" ("opened_at")`);
    await db.query(`CREATE INDEX "IDX_becad7f3428a4a998381d9fc96" ON "slash" ("timestamp")`);
    await db.query(`CREATE INDEX "IDX_c006de5859fca92962f921dc20" ON "slash" ("status", "appeal_until")`);
    await db.query(
      `CREATE TABLE "audit_seat" ("id" character varying NOT NULL, "seat" integer NOT NULL, "weight" integer NOT NULL, "from_epoch" integer NOT NULL, "until_epoch" integer, "node_id" character varying, CONSTRAINT "PK_839110b129b94259b36d6d29ec9" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_0c878c760a595cef92aa47302f" ON "audit_seat" ("node_id")`);
    await db.query(`CREATE INDEX "IDX_6d529bdc1e6b8639214680fc28" ON "audit_seat" ("from_epoch")`);
    await db.query(`CREATE INDEX "IDX_661f6ea3cba81184c355f041ab" ON "audit_seat" ("seat", "from_epoch")`);
    await db.query(
      `CREATE TABLE "node_epoch" ("id" character varying NOT NULL, "number" integer NOT NULL, "status" character varying(8) NOT NULL, "claimed" boolean NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "stake" numeric NOT NULL, "revealed_own_audits" boolean NOT NULL, "audits_revealed" integer NOT NULL, "audit_score" integer, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_scored" numeric NOT NULL, "fees_treasury" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "work_reward" numeric NOT NULL, "availability_reward" numeric NOT NULL, "node_id" character varying, "epoch_id" character varying, CONSTRAINT "PK_13fd096146b5d65310c42a67dcb" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_c1301ac5cb6d3153a8cd96d40c" ON "node_epoch" ("epoch_id")`);
    await db.query(`CREATE INDEX "IDX_bd2ce61c517496d905c54f0460" ON "node_epoch" ("number")`);
    await db.query(`CREATE INDEX "IDX_5a8110ff23b4399b513e42ee05" ON "node_epoch" ("node_id", "number")`);
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
      `CREATE TABLE "epoch" ("id" character varying NOT NULL, "number" integer NOT NULL, "starts_at" TIMESTAMP WITH TIME ZONE NOT NULL, "ends_at" TIMESTAMP WITH TIME ZONE NOT NULL, "seed_status" character varying(7) NOT NULL, "armed_block" integer, "seed" text, "drawn_block" integer, "drawn_at" TIMESTAMP WITH TIME ZONE, "proof_deadline_at" TIMESTAMP WITH TIME ZONE, "proof_deadline_block" integer, "settled_burned" numeric, "settled_stake" numeric, "audit_ring_size" integer, "reveal_count" integer NOT NULL, "proofs_missing" integer NOT NULL, "attestation_count" integer NOT NULL, "proof_count" integer NOT NULL, "claim_count" integer NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_scored" numeric NOT NULL, "fees_treasury" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "flushed" boolean NOT NULL, "flushed_at" TIMESTAMP WITH TIME ZONE, "work_rewards" numeric NOT NULL, "availability_rewards" numeric NOT NULL, CONSTRAINT "PK_247e7fe519fa359ba924d04f289" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_fba3b02039856b239f281bddf9" ON "epoch" ("number")`);
    await db.query(
      `CREATE TABLE "audit" ("id" character varying NOT NULL, "epoch_number" integer NOT NULL, "position" integer NOT NULL, "score" integer NOT NULL, "weight" integer NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "auditor_id" character varying, "target_id" character varying, "epoch_id" character varying, CONSTRAINT "PK_1d3d120ddaf7bc9b1ed68ed463a" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_0644fb6b9fa84f32cdf0e5f0e0" ON "audit" ("epoch_id")`);
    await db.query(`CREATE INDEX "IDX_3935054e6e7884bac7da31f1dd" ON "audit" ("epoch_number")`);
    await db.query(`CREATE INDEX "IDX_6e8c94c51bce085809c625464b" ON "audit" ("score")`);
    await db.query(`CREATE INDEX "IDX_39d8292e578323f52e60fe59da" ON "audit" ("timestamp")`);
    await db.query(`CREATE INDEX "IDX_1b749dcbc49f4ea83304b2f9de" ON "audit" ("auditor_id", "epoch_number")`);
    await db.query(`CREATE INDEX "IDX_5b6d1376d8a13ba21a8e028e62" ON "audit" ("target_id", "epoch_number")`);
    await db.query(
      `CREATE TABLE "node_update" ("id" character varying NOT NULL, "kind" character varying(15) NOT NULL, "value" text NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "node_id" character varying, CONSTRAINT "PK_7593bcad951a4692c27aa264f9c" PRIMARY KEY ("id"))`,
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
      `CREATE TABLE "delegation" ("id" character varying NOT NULL, "shares" numeric NOT NULL, "voting_units" numeric NOT NULL, "exiting" numeric NOT NULL, "total_delegated" numeric NOT NULL, "total_withdrawn" numeric NOT NULL, "since" TIMESTAMP WITH TIME ZONE NOT NULL, "node_id" character varying, "delegator_id" character varying, CONSTRAINT "PK_a2cb6c9b942d68b109131beab44" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_0bf3c5c0905f35067006bb2d2f" ON "delegation" ("delegator_id")`);
    await db.query(`CREATE INDEX "IDX_90c455a51397d64006d85d4554" ON "delegation" ("node_id", "shares")`);
    await db.query(
      `CREATE TABLE "node" ("id" character varying NOT NULL, "number" integer NOT NULL, "operator" text NOT NULL, "region" integer NOT NULL, "capacity_mbps" integer NOT NULL, "status" character varying(7) NOT NULL, "status_from_epoch" integer, "jailed" boolean NOT NULL, "seat" integer, "seat_from_epoch" integer, "audit_weight" integer NOT NULL, "endpoint" text NOT NULL, "price_per_gb" numeric NOT NULL, "registered_at" TIMESTAMP WITH TIME ZONE NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "epochs_attested" integer NOT NULL, "epochs_proven" integer NOT NULL, "proofs_missing" integer NOT NULL, "audits_given" integer NOT NULL, "audits_received" integer NOT NULL, "last_scored_epoch" integer, "last_audit_score" integer, "strikes" integer NOT NULL, "jailings" integer NOT NULL, "slashed" numeric NOT NULL, "last_attested_epoch" integer, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "work_rewards" numeric NOT NULL, "availability_rewards" numeric NOT NULL, "owner_id" character varying, CONSTRAINT "PK_8c8caf5f29d25264abe9eaf94dd" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_bfbc39494b0bc6d9297d5cfebb" ON "node" ("number")`);
    await db.query(`CREATE INDEX "IDX_8ffa491fa96eb26764dcf9a81f" ON "node" ("owner_id")`);
    await db.query(`CREATE INDEX "IDX_626197714589c5c5b649abe53d" ON "node" ("operator")`);
    await db.query(`CREATE INDEX "IDX_a584ef000c581013a3b62ebb2b" ON "node" ("region")`);
    await db.query(`CREATE INDEX "IDX_fd0a6e09bc38289fd02e6261eb" ON "node" ("status")`);
    await db.query(`CREATE INDEX "IDX_b4ef86f3c2645c0a0acde88d24" ON "node" ("jailed")`);
    await db.query(
      `CREATE TABLE "exit_request" ("id" character varying NOT NULL, "kind" character varying(10) NOT NULL, "period" integer NOT NULL, "amount" numeric NOT NULL, "paid" numeric NOT NULL, "lost" numeric NOT NULL, "restored" numeric NOT NULL, "requested_at" TIMESTAMP WITH TIME ZONE NOT NULL, "node_id" character varying, "account_id" character varying, CONSTRAINT "PK_c891ef4e140cae7bc85df16d7d9" PRIMARY KEY ("id"))`,
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
      `CREATE TABLE "timelock_call" ("id" character varying NOT NULL, "index" integer NOT NULL, "target" text NOT NULL, "value" numeric NOT NULL, "data" text NOT NULL, "operation_id" character varying, CONSTRAINT "PK_dae843ead23b71257e61fae484e" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_5a89e85fcddd1c5120a66ddff3" ON "timelock_call" ("operation_id")`);
    await db.query(
      `CREATE TABLE "timelock_operation" ("id" character varying NOT NULL, "status" character varying(9) NOT NULL, "ready_at" TIMESTAMP WITH TIME ZONE NOT NULL, "scheduled_at" TIMESTAMP WITH TIME ZONE NOT NULL, "ended_at" TIMESTAMP WITH TIME ZONE, CONSTRAINT "PK_80f1a4c38f9180ca2af3328a2b8" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_040c85fab8dd9d3ac90647f818" ON "timelock_operation" ("status")`);
    await db.query(
      `CREATE TABLE "proposal" ("id" character varying NOT NULL, "title" text NOT NULL, "description" text NOT NULL, "description_hash" text NOT NULL, "targets" text array NOT NULL, "values" text array NOT NULL, "calldatas" text array NOT NULL, "state" character varying(9) NOT NULL, "vote_start_at" TIMESTAMP WITH TIME ZONE NOT NULL, "vote_end_at" TIMESTAMP WITH TIME ZONE NOT NULL, "for_votes" numeric NOT NULL, "against_votes" numeric NOT NULL, "abstain_votes" numeric NOT NULL, "quorum" numeric, "executable_at" TIMESTAMP WITH TIME ZONE, "queued_at" TIMESTAMP WITH TIME ZONE, "executed_at" TIMESTAMP WITH TIME ZONE, "canceled_at" TIMESTAMP WITH TIME ZONE, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "proposer_id" character varying, "operation_id" character varying, CONSTRAINT "PK_ca872ecfe4fef5720d2d39e4275" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_fc05c9a1fe472dcdcb98d8a6c4" ON "proposal" ("proposer_id")`);
    await db.query(`CREATE INDEX "IDX_2a794f37fc13611327b2e8d0d0" ON "proposal" ("state")`);
    await db.query(`CREATE INDEX "IDX_76f0610674d0e88fde9a8015ca" ON "proposal" ("operation_id")`);
    await db.query(`CREATE INDEX "IDX_353c7f025ae061d2e6f273e80e" ON "proposal" ("timestamp")`);
    await db.query(
      `CREATE TABLE "vote" ("id" character varying NOT NULL, "support" character varying(7) NOT NULL, "weight" numeric NOT NULL, "reason" text NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "proposal_id" character varying, "voter_id" character varying, CONSTRAINT "PK_2d5932d46afe39c8176f9d4be72" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_db85a3f8526cbaa2865faf8637" ON "vote" ("proposal_id")`);
    await db.query(`CREATE INDEX "IDX_f5c90d8438424ec0f044ef945a" ON "vote" ("voter_id")`);
    await db.query(`CREATE INDEX "IDX_8d701dbd422ac5e3e1d7a9a0d1" ON "vote" ("timestamp")`);
    await db.query(
      `CREATE TABLE "role_member" ("id" character varying NOT NULL, "role" numeric NOT NULL, "since" TIMESTAMP WITH TIME ZONE NOT NULL, "execution_delay_seconds" integer NOT NULL, "revoked" boolean NOT NULL, "account_id" character varying, CONSTRAINT "PK_768f9d166547a51dbb0e3fee645" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_6458d78aa835650a97f1ff0a67" ON "role_member" ("role")`);
    await db.query(`CREATE INDEX "IDX_76b4a2e98805484efdac7e2fde" ON "role_member" ("account_id")`);
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
      `CREATE TABLE "network" ("id" character varying NOT NULL, "chain_id" integer NOT NULL, "genesis_at" TIMESTAMP WITH TIME ZONE NOT NULL, "epoch_seconds" integer NOT NULL, "current_epoch" integer NOT NULL, "token" text NOT NULL, "node_registry" text NOT NULL, "node_staking" text NOT NULL, "payment_escrow" text NOT NULL, "service_attestations" text NOT NULL, "reward_distributor" text NOT NULL, "nodes" integer NOT NULL, "apps" integer NOT NULL, "token_holders" integer NOT NULL, "attestations" integer NOT NULL, "proofs" integer NOT NULL, "claims" integer NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_treasury" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "fees_flushed" numeric NOT NULL, "work_rewards" numeric NOT NULL, "availability_rewards" numeric NOT NULL, "rewards_minted" numeric NOT NULL, "rewards_pending" numeric NOT NULL, "active_nodes" integer NOT NULL, "jailed_nodes" integer NOT NULL, "audit_ring_size" integer NOT NULL, "audits" integer NOT NULL, "proofs_missing" integer NOT NULL, "slashed_in_escrow" numeric NOT NULL, "slashes_upheld" numeric NOT NULL, "slashes_returned" numeric NOT NULL, "bounties_paid" numeric NOT NULL, "slashes_burned" numeric NOT NULL, "slashes_pending_burn" numeric NOT NULL, "slashes_awaiting_sync" numeric NOT NULL, "phase" character varying(8) NOT NULL, "proposals" integer NOT NULL, "vesting_claimed" numeric NOT NULL, "bonded" numeric NOT NULL, "delegated" numeric NOT NULL, "total_stake" numeric NOT NULL, "token_supply" numeric NOT NULL, "token_minted" numeric NOT NULL, "token_burned" numeric NOT NULL, "treasury_id" character varying, CONSTRAINT "PK_8f8264c2d37cbbd8282ee9a3c97" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_46f73fbe60fb37c80d1ae1d904" ON "network" ("treasury_id")`);
    await db.query(
      `CREATE TABLE "exit_bucket" ("id" character varying NOT NULL, "period" integer NOT NULL, "amount" numeric NOT NULL, "slashed" numeric NOT NULL, "loss" numeric NOT NULL, "node_id" character varying, CONSTRAINT "PK_a942948937c69ca2fc348f8e6d9" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_18f6ce7b7d128f7fa5147017bc" ON "exit_bucket" ("node_id", "period")`);
    await db.query(
      `CREATE TABLE "network_stake_checkpoint" ("id" character varying NOT NULL, "from_epoch" integer NOT NULL, "total_stake" numeric NOT NULL, CONSTRAINT "PK_ecbecbcdfdd9e045d49516928c4" PRIMARY KEY ("id"))`,
    );
    await db.query(
      `CREATE INDEX "IDX_e4b2f8998a8b41893cb8e589af" ON "network_stake_checkpoint" ("from_epoch")`,
    );
    await db.query(
      `CREATE TABLE "audit_ring_change" ("id" character varying NOT NULL, "from_epoch" integer NOT NULL, "size" integer NOT NULL, CONSTRAINT "PK_bf6f1e8ad83ea6755ab5eaf9bd4" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_7ede4b1f378533a7ff8a2071bf" ON "audit_ring_change" ("from_epoch")`);
    await db.query(
      `CREATE TABLE "reward_mint" ("id" character varying NOT NULL, "amount" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, CONSTRAINT "PK_fb3256c3a5e7e428f736ffb6806" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_67c3b8eab6d933da97bdbdb189" ON "reward_mint" ("timestamp")`);
    await db.query(
      `CREATE TABLE "reward_rates" ("id" character varying NOT NULL, "from_epoch" integer NOT NULL, "kappa_bps" integer NOT NULL, "work_share_bps" integer NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, CONSTRAINT "PK_1d1f6ce5d19fb32b420ddc2febe" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_0e1275b29767a74cf50df77d42" ON "reward_rates" ("from_epoch")`);
    await db.query(`CREATE INDEX "IDX_4f061c27810115659df361980d" ON "reward_rates" ("timestamp")`);
    await db.query(
      `CREATE TABLE "contract_upgrade" ("id" character varying NOT NULL, "implementation" text NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "contract_id" character varying, CONSTRAINT "PK_e2ec2c9006049577b764a2fc435" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_c2c09f644722dfd8685dcb1dc6" ON "contract_upgrade" ("contract_id")`);
    await db.query(`CREATE INDEX "IDX_3c864799130f52879a626f2d24" ON "contract_upgrade" ("timestamp")`);
    await db.query(
      `CREATE TABLE "parameter_change" ("id" character varying NOT NULL, "value" numeric NOT NULL, "previous" numeric, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "parameter_id" character varying, CONSTRAINT "PK_5132bd44aee8023096ff8d903b5" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_fd4d30f3c3321543fad51b58ce" ON "parameter_change" ("parameter_id")`);
    await db.query(`CREATE INDEX "IDX_addbf1f896f2740686cad16abe" ON "parameter_change" ("timestamp")`);
    await db.query(
      `CREATE TABLE "parameter" ("id" character varying NOT NULL, "name" text NOT NULL, "value" numeric NOT NULL, "set_at" TIMESTAMP WITH TIME ZONE NOT NULL, "contract_id" character varying, CONSTRAINT "PK_cc5c047040f9c69f0e0d6a844a0" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_5a49d7ffa763004c36f9f18a6c" ON "parameter" ("contract_id")`);
    await db.query(
      `CREATE TABLE "protocol_contract" ("id" character varying NOT NULL, "address" text NOT NULL, "implementation" text, "paused_until" TIMESTAMP WITH TIME ZONE, CONSTRAINT "PK_e80900e932bacbae2734304d79a" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_ab9ea180afacc2581972157c7d" ON "protocol_contract" ("address")`);
    await db.query(
      `CREATE TABLE "network_day" ("id" character varying NOT NULL, "day" TIMESTAMP WITH TIME ZONE NOT NULL, "bytes_delivered" numeric NOT NULL, "sessions" numeric NOT NULL, "attestations" integer NOT NULL, "proofs" integer NOT NULL, "claims" integer NOT NULL, "collections" integer NOT NULL, "fees_collected" numeric NOT NULL, "fees_burned" numeric NOT NULL, "fees_treasury" numeric NOT NULL, "fees_stakers" numeric NOT NULL, "work_rewards" numeric NOT NULL, "availability_rewards" numeric NOT NULL, "rewards_minted" numeric NOT NULL, "audits" integer NOT NULL, "strikes" integer NOT NULL, "slashed" numeric NOT NULL, "nodes_registered" integer NOT NULL, "transfers" integer NOT NULL, "transfer_volume" numeric NOT NULL, CONSTRAINT "PK_49d869b523240382edfbc61680a" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_d00c3367a15720e863a8421935" ON "network_day" ("day")`);
    await db.query(
      `CREATE TABLE "slash_burn" ("id" character varying NOT NULL, "amount" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, CONSTRAINT "PK_9fa52ce0ef5b1465b9c230a12b7" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_4e0af6388080e2db994d1dd0fd" ON "slash_burn" ("timestamp")`);
    await db.query(
      `CREATE TABLE "function_role" ("id" character varying NOT NULL, "target" text NOT NULL, "selector" text NOT NULL, "role" numeric NOT NULL, CONSTRAINT "PK_a0d1d7d5cb5e83916e441481d2b" PRIMARY KEY ("id"))`,
    );
    await db.query(
      `CREATE TABLE "vesting_claim" ("id" character varying NOT NULL, "amount" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "allocation_id" character varying, "beneficiary_id" character varying, CONSTRAINT "PK_fe9ad19ac4ad0458c5df24f6b6c" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_28afef2ad53f162102267bcc71" ON "vesting_claim" ("allocation_id")`);
    await db.query(`CREATE INDEX "IDX_70156fba9e3382f9eacb6300c5" ON "vesting_claim" ("beneficiary_id")`);
    await db.query(`CREATE INDEX "IDX_261140364454c532a72506e846" ON "vesting_claim" ("timestamp")`);
    await db.query(
      `CREATE TABLE "vesting_allocation" ("id" character varying NOT NULL, "index" integer NOT NULL, "claimed" numeric NOT NULL, "revoked" boolean NOT NULL, "vested_at_revocation" numeric, "returned" numeric, "beneficiary_id" character varying, CONSTRAINT "PK_79a092376d7dca3d10663c36c36" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_40c690916d4faf3dd4eb11cc5d" ON "vesting_allocation" ("index")`);
    await db.query(
      `CREATE INDEX "IDX_f1e49efa9d08f3778867df528d" ON "vesting_allocation" ("beneficiary_id")`,
    );
    await db.query(
      `CREATE TABLE "treasury_stream" ("id" character varying NOT NULL, "asset" text NOT NULL, "amount" numeric NOT NULL, "paid" numeric NOT NULL, "start_at" TIMESTAMP WITH TIME ZONE NOT NULL, "cliff_ends_at" TIMESTAMP WITH TIME ZONE NOT NULL, "ends_at" TIMESTAMP WITH TIME ZONE NOT NULL, "canceled_at" TIMESTAMP WITH TIME ZONE, "opened_at" TIMESTAMP WITH TIME ZONE NOT NULL, "recipient_id" character varying, CONSTRAINT "PK_88336dd0995a9f16770ded06cd3" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_73a4078020fea94d2fe24eb5d4" ON "treasury_stream" ("recipient_id")`);
    await db.query(
      `CREATE TABLE "treasury_budget" ("id" character varying NOT NULL, "purpose" text NOT NULL, "asset" text NOT NULL, "allowance" numeric NOT NULL, "period_seconds" integer NOT NULL, "start_at" TIMESTAMP WITH TIME ZONE NOT NULL, "spent_period" integer NOT NULL, "spent" numeric NOT NULL, "spent_total" numeric NOT NULL, "spender_id" character varying, CONSTRAINT "PK_eac46b85963f0c8a74bc3c46ae1" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_6c53e850aed234de4578bbdd9c" ON "treasury_budget" ("spender_id")`);
    await db.query(
      `CREATE TABLE "auction_purchase" ("id" character varying NOT NULL, "amount" numeric NOT NULL, "cost" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "lot_id" character varying, "buyer_id" character varying, "to_id" character varying, CONSTRAINT "PK_4fb3a575ce3d1186ec11e680781" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_73e37a5f1afaf4bcc6bbb35d1c" ON "auction_purchase" ("lot_id")`);
    await db.query(`CREATE INDEX "IDX_30b6128f73ab300df5a0b5779f" ON "auction_purchase" ("buyer_id")`);
    await db.query(`CREATE INDEX "IDX_5d598901d7c25ff15417f7480b" ON "auction_purchase" ("to_id")`);
    await db.query(`CREATE INDEX "IDX_2d2fa5fcf72f9b17c198099bc5" ON "auction_purchase" ("timestamp")`);
    await db.query(
      `CREATE TABLE "auction_lot" ("id" character varying NOT NULL, "asset" text NOT NULL, "amount" numeric NOT NULL, "remaining" numeric NOT NULL, "returned" numeric NOT NULL, "start_price" numeric NOT NULL, "floor_price" numeric NOT NULL, "start_at" TIMESTAMP WITH TIME ZONE NOT NULL, "ends_at" TIMESTAMP WITH TIME ZONE NOT NULL, "burned" numeric NOT NULL, CONSTRAINT "PK_61f8a2fb9b1c725239f9d32372e" PRIMARY KEY ("id"))`,
    );
    await db.query(
      `CREATE TABLE "treasury_payment" ("id" character varying NOT NULL, "kind" character varying(8) NOT NULL, "asset" text NOT NULL, "amount" numeric NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, "to_id" character varying, "stream_id" character varying, "budget_id" character varying, "lot_id" character varying, CONSTRAINT "PK_502a25518ac655d026736c57ac2" PRIMARY KEY ("id"))`,
    );
    await db.query(`CREATE INDEX "IDX_1d184a465f4aa138de22018684" ON "treasury_payment" ("kind")`);
    await db.query(`CREATE INDEX "IDX_7d08b2a8ff6fa92542b81c49d1" ON "treasury_payment" ("asset")`);
    await db.query(`CREATE INDEX "IDX_d5631f5085c48c524f2fcd19c7" ON "treasury_payment" ("to_id")`);
    await db.query(`CREATE INDEX "IDX_032f7efc824ada9d5bb602ca35" ON "treasury_payment" ("stream_id")`);
    await db.query(`CREATE INDEX "IDX_2eafd09acefc9cbb9699deabb2" ON "treasury_payment" ("budget_id")`);
    await db.query(`CREATE INDEX "IDX_298e1261a5b4c8ff1b51eee88d" ON "treasury_payment" ("lot_id")`);
    await db.query(`CREATE INDEX "IDX_cfbb91cfd436b012a91c806fab" ON "treasury_payment" ("timestamp")`);
    await db.query(
      `CREATE TABLE "outflow_limit" ("id" character varying NOT NULL, "limit_bps" integer NOT NULL, "effective_at" TIMESTAMP WITH TIME ZONE NOT NULL, "previous_bps" integer, CONSTRAINT "PK_36de5c89c38b36d70e77edc12d7" PRIMARY KEY ("id"))`,
    );
    await db.query(
      `CREATE TABLE "treasury_upgrade_notice" ("id" character varying NOT NULL, "implementation" text NOT NULL, "earliest_at" TIMESTAMP WITH TIME ZONE NOT NULL, "latest_at" TIMESTAMP WITH TIME ZONE NOT NULL, "block" integer NOT NULL, "timestamp" TIMESTAMP WITH TIME ZONE NOT NULL, "tx_hash" text NOT NULL, CONSTRAINT "PK_4c5a74118f84860b7473f0f9598" PRIMARY KEY ("id"))`,
    );
    await db.query(
      `CREATE INDEX "IDX_e76b00b60af796eb6b77c720ca" ON "treasury_upgrade_notice" ("timestamp")`,
    );
    await db.query(
      `CREATE TABLE "identity_account" ("id" character varying NOT NULL, "consents_used" integer NOT NULL, "credit" numeric NOT NULL, CONSTRAINT "PK_bafa9e6c71c3f69cef6602a8095" PRIMARY KEY ("id"))`,
    );
    await db.query(
      `ALTER TABLE "pool" ADD CONSTRAINT "FK_ca79954915dc0351984757e2e93" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_identity" ADD CONSTRAINT "FK_2c564e633f33b02c964edbbb3a7" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_identity" ADD CONSTRAINT "FK_61b061aa38c112280c49c66acd5" FOREIGN KEY ("machine_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_identity" ADD CONSTRAINT "FK_d0974178f4ebd8df11075ccb58d" FOREIGN KEY ("proposed_machine_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_identity" ADD CONSTRAINT "FK_17e33c3b50e7ad740049ef80303" FOREIGN KEY ("attribute_machine_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_identity" ADD CONSTRAINT "FK_c09851c7acebe6c4f3856b8c894" FOREIGN KEY ("attribute_payer_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "strike" ADD CONSTRAINT "FK_95c0f872f8330eca7ab4dcf9b03" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "strike" ADD CONSTRAINT "FK_e371be820e1930db4fb30df6f43" FOREIGN KEY ("poster_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "jailing" ADD CONSTRAINT "FK_0333d5f246445eb23c298657704" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "arbiter_vote" ADD CONSTRAINT "FK_d534200cad84540b85db12c5a60" FOREIGN KEY ("case_id") REFERENCES "arbitration_case"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "arbiter_vote" ADD CONSTRAINT "FK_97e53d8f904da1716e5542d2f05" FOREIGN KEY ("arbiter_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "arbitration_case" ADD CONSTRAINT "FK_050ff7a71d1d286bc0c5f579ad1" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "arbitration_case" ADD CONSTRAINT "FK_6fd8a4938528356c6dd404ea870" FOREIGN KEY ("challenger_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "arbitration_case" ADD CONSTRAINT "FK_7b3883fc87e2dc99bee1632995b" FOREIGN KEY ("panel_id") REFERENCES "arbiter_panel"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "arbitration_case" ADD CONSTRAINT "FK_5ea978b0d424c5dfd2e648de3b1" FOREIGN KEY ("deposit_to_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "slash" ADD CONSTRAINT "FK_04a8578cf7c04d3abcc604fe948" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "slash" ADD CONSTRAINT "FK_4489f9fe9bcc855ca337d98a350" FOREIGN KEY ("reporter_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "audit_seat" ADD CONSTRAINT "FK_0c878c760a595cef92aa47302f4" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_epoch" ADD CONSTRAINT "FK_00cc4003592e824383a9ba526c1" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "node_epoch" ADD CONSTRAINT "FK_c1301ac5cb6d3153a8cd96d40c5" FOREIGN KEY ("epoch_id") REFERENCES "epoch"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
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
      `ALTER TABLE "audit" ADD CONSTRAINT "FK_806bc25610cdbef5ce216494d64" FOREIGN KEY ("auditor_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "audit" ADD CONSTRAINT "FK_7f9eebc1a17a359c5dedecb3a22" FOREIGN KEY ("target_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "audit" ADD CONSTRAINT "FK_0644fb6b9fa84f32cdf0e5f0e0d" FOREIGN KEY ("epoch_id") REFERENCES "epoch"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
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
      `ALTER TABLE "timelock_call" ADD CONSTRAINT "FK_5a89e85fcddd1c5120a66ddff3e" FOREIGN KEY ("operation_id") REFERENCES "timelock_operation"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "proposal" ADD CONSTRAINT "FK_fc05c9a1fe472dcdcb98d8a6c4c" FOREIGN KEY ("proposer_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "proposal" ADD CONSTRAINT "FK_76f0610674d0e88fde9a8015ca8" FOREIGN KEY ("operation_id") REFERENCES "timelock_operation"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "vote" ADD CONSTRAINT "FK_db85a3f8526cbaa2865faf8637f" FOREIGN KEY ("proposal_id") REFERENCES "proposal"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "vote" ADD CONSTRAINT "FK_f5c90d8438424ec0f044ef945a9" FOREIGN KEY ("voter_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "role_member" ADD CONSTRAINT "FK_76b4a2e98805484efdac7e2fdea" FOREIGN KEY ("account_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
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
    await db.query(
      `ALTER TABLE "exit_bucket" ADD CONSTRAINT "FK_035fb5aa761c12defa07ecf653f" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "contract_upgrade" ADD CONSTRAINT "FK_c2c09f644722dfd8685dcb1dc65" FOREIGN KEY ("contract_id") REFERENCES "protocol_contract"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "parameter_change" ADD CONSTRAINT "FK_fd4d30f3c3321543fad51b58cea" FOREIGN KEY ("parameter_id") REFERENCES "parameter"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "parameter" ADD CONSTRAINT "FK_5a49d7ffa763004c36f9f18a6c6" FOREIGN KEY ("contract_id") REFERENCES "protocol_contract"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "vesting_claim" ADD CONSTRAINT "FK_28afef2ad53f162102267bcc71f" FOREIGN KEY ("allocation_id") REFERENCES "vesting_allocation"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "vesting_claim" ADD CONSTRAINT "FK_70156fba9e3382f9eacb6300c59" FOREIGN KEY ("beneficiary_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "vesting_allocation" ADD CONSTRAINT "FK_f1e49efa9d08f3778867df528d3" FOREIGN KEY ("beneficiary_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "treasury_stream" ADD CONSTRAINT "FK_73a4078020fea94d2fe24eb5d4a" FOREIGN KEY ("recipient_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "treasury_budget" ADD CONSTRAINT "FK_6c53e850aed234de4578bbdd9c0" FOREIGN KEY ("spender_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "auction_purchase" ADD CONSTRAINT "FK_73e37a5f1afaf4bcc6bbb35d1c2" FOREIGN KEY ("lot_id") REFERENCES "auction_lot"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "auction_purchase" ADD CONSTRAINT "FK_30b6128f73ab300df5a0b5779fa" FOREIGN KEY ("buyer_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "auction_purchase" ADD CONSTRAINT "FK_5d598901d7c25ff15417f7480b5" FOREIGN KEY ("to_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "treasury_payment" ADD CONSTRAINT "FK_d5631f5085c48c524f2fcd19c7e" FOREIGN KEY ("to_id") REFERENCES "account"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "treasury_payment" ADD CONSTRAINT "FK_032f7efc824ada9d5bb602ca351" FOREIGN KEY ("stream_id") REFERENCES "treasury_stream"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "treasury_payment" ADD CONSTRAINT "FK_2eafd09acefc9cbb9699deabb24" FOREIGN KEY ("budget_id") REFERENCES "treasury_budget"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
    await db.query(
      `ALTER TABLE "treasury_payment" ADD CONSTRAINT "FK_298e1261a5b4c8ff1b51eee88d9" FOREIGN KEY ("lot_id") REFERENCES "auction_lot"("id") ON DELETE NO ACTION ON UPDATE NO ACTION`,
    );
  }

  async down(db) {
    await db.query(`ALTER TABLE "treasury_payment" DROP CONSTRAINT "FK_298e1261a5b4c8ff1b51eee88d9"`);
    await db.query(`ALTER TABLE "treasury_payment" DROP CONSTRAINT "FK_2eafd09acefc9cbb9699deabb24"`);
    await db.query(`ALTER TABLE "treasury_payment" DROP CONSTRAINT "FK_032f7efc824ada9d5bb602ca351"`);
    await db.query(`ALTER TABLE "treasury_payment" DROP CONSTRAINT "FK_d5631f5085c48c524f2fcd19c7e"`);
    await db.query(`ALTER TABLE "auction_purchase" DROP CONSTRAINT "FK_5d598901d7c25ff15417f7480b5"`);
    await db.query(`ALTER TABLE "auction_purchase" DROP CONSTRAINT "FK_30b6128f73ab300df5a0b5779fa"`);
    await db.query(`ALTER TABLE "auction_purchase" DROP CONSTRAINT "FK_73e37a5f1afaf4bcc6bbb35d1c2"`);
    await db.query(`ALTER TABLE "treasury_budget" DROP CONSTRAINT "FK_6c53e850aed234de4578bbdd9c0"`);
    await db.query(`ALTER TABLE "treasury_stream" DROP CONSTRAINT "FK_73a4078020fea94d2fe24eb5d4a"`);
    await db.query(`ALTER TABLE "vesting_allocation" DROP CONSTRAINT "FK_f1e49efa9d08f3778867df528d3"`);
    await db.query(`ALTER TABLE "vesting_claim" DROP CONSTRAINT "FK_70156fba9e3382f9eacb6300c59"`);
    await db.query(`ALTER TABLE "vesting_claim" DROP CONSTRAINT "FK_28afef2ad53f162102267bcc71f"`);
    await db.query(`ALTER TABLE "parameter" DROP CONSTRAINT "FK_5a49d7ffa763004c36f9f18a6c6"`);
    await db.query(`ALTER TABLE "parameter_change" DROP CONSTRAINT "FK_fd4d30f3c3321543fad51b58cea"`);
    await db.query(`ALTER TABLE "contract_upgrade" DROP CONSTRAINT "FK_c2c09f644722dfd8685dcb1dc65"`);
    await db.query(`ALTER TABLE "exit_bucket" DROP CONSTRAINT "FK_035fb5aa761c12defa07ecf653f"`);
    await db.query(`ALTER TABLE "network" DROP CONSTRAINT "FK_46f73fbe60fb37c80d1ae1d904b"`);
    await db.query(`ALTER TABLE "account" DROP CONSTRAINT "FK_b56db9a294b3b42014825163f72"`);
    await db.query(`ALTER TABLE "transfer" DROP CONSTRAINT "FK_0751309c66e97eac9ef11493623"`);
    await db.query(`ALTER TABLE "transfer" DROP CONSTRAINT "FK_76bdfed1a7eb27c6d8ecbb73496"`);
    await db.query(`ALTER TABLE "role_member" DROP CONSTRAINT "FK_76b4a2e98805484efdac7e2fdea"`);
    await db.query(`ALTER TABLE "vote" DROP CONSTRAINT "FK_f5c90d8438424ec0f044ef945a9"`);
    await db.query(`ALTER TABLE "vote" DROP CONSTRAINT "FK_db85a3f8526cbaa2865faf8637f"`);
    await db.query(`ALTER TABLE "proposal" DROP CONSTRAINT "FK_76f0610674d0e88fde9a8015ca8"`);
    await db.query(`ALTER TABLE "proposal" DROP CONSTRAINT "FK_fc05c9a1fe472dcdcb98d8a6c4c"`);
    await db.query(`ALTER TABLE "timelock_call" DROP CONSTRAINT "FK_5a89e85fcddd1c5120a66ddff3e"`);
    await db.query(`ALTER TABLE "stake_action" DROP CONSTRAINT "FK_4fdf3b2bb9c4e5b4aefecce9bda"`);
    await db.query(`ALTER TABLE "stake_action" DROP CONSTRAINT "FK_0710656d232a3d0a72084449922"`);
    await db.query(`ALTER TABLE "exit_request" DROP CONSTRAINT "FK_2663f4841598126a0d78319e3c1"`);
    await db.query(`ALTER TABLE "exit_request" DROP CONSTRAINT "FK_3ba6240b5425055465568fa6b77"`);
    await db.query(`ALTER TABLE "node" DROP CONSTRAINT "FK_8ffa491fa96eb26764dcf9a81fd"`);
    await db.query(`ALTER TABLE "delegation" DROP CONSTRAINT "FK_0bf3c5c0905f35067006bb2d2f4"`);
    await db.query(`ALTER TABLE "delegation" DROP CONSTRAINT "FK_6b405afb07543beea401c8fcaf3"`);
    await db.query(`ALTER TABLE "stake_checkpoint" DROP CONSTRAINT "FK_cc891399c14bd00a3cdd15e6711"`);
    await db.query(`ALTER TABLE "node_update" DROP CONSTRAINT "FK_5a23f0f250bb0e2ee7c84c12555"`);
    await db.query(`ALTER TABLE "audit" DROP CONSTRAINT "FK_0644fb6b9fa84f32cdf0e5f0e0d"`);
    await db.query(`ALTER TABLE "audit" DROP CONSTRAINT "FK_7f9eebc1a17a359c5dedecb3a22"`);
    await db.query(`ALTER TABLE "audit" DROP CONSTRAINT "FK_806bc25610cdbef5ce216494d64"`);
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
    await db.query(`ALTER TABLE "node_epoch" DROP CONSTRAINT "FK_c1301ac5cb6d3153a8cd96d40c5"`);
    await db.query(`ALTER TABLE "node_epoch" DROP CONSTRAINT "FK_00cc4003592e824383a9ba526c1"`);
    await db.query(`ALTER TABLE "audit_seat" DROP CONSTRAINT "FK_0c878c760a595cef92aa47302f4"`);
    await db.query(`ALTER TABLE "slash" DROP CONSTRAINT "FK_4489f9fe9bcc855ca337d98a350"`);
    await db.query(`ALTER TABLE "slash" DROP CONSTRAINT "FK_04a8578cf7c04d3abcc604fe948"`);
    await db.query(`ALTER TABLE "arbitration_case" DROP CONSTRAINT "FK_5ea978b0d424c5dfd2e648de3b1"`);
    await db.query(`ALTER TABLE "arbitration_case" DROP CONSTRAINT "FK_7b3883fc87e2dc99bee1632995b"`);
    await db.query(`ALTER TABLE "arbitration_case" DROP CONSTRAINT "FK_6fd8a4938528356c6dd404ea870"`);
    await db.query(`ALTER TABLE "arbitration_case" DROP CONSTRAINT "FK_050ff7a71d1d286bc0c5f579ad1"`);
    await db.query(`ALTER TABLE "arbiter_vote" DROP CONSTRAINT "FK_97e53d8f904da1716e5542d2f05"`);
    await db.query(`ALTER TABLE "arbiter_vote" DROP CONSTRAINT "FK_d534200cad84540b85db12c5a60"`);
    await db.query(`ALTER TABLE "jailing" DROP CONSTRAINT "FK_0333d5f246445eb23c298657704"`);
    await db.query(`ALTER TABLE "strike" DROP CONSTRAINT "FK_e371be820e1930db4fb30df6f43"`);
    await db.query(`ALTER TABLE "strike" DROP CONSTRAINT "FK_95c0f872f8330eca7ab4dcf9b03"`);
    await db.query(`ALTER TABLE "node_identity" DROP CONSTRAINT "FK_c09851c7acebe6c4f3856b8c894"`);
    await db.query(`ALTER TABLE "node_identity" DROP CONSTRAINT "FK_17e33c3b50e7ad740049ef80303"`);
    await db.query(`ALTER TABLE "node_identity" DROP CONSTRAINT "FK_d0974178f4ebd8df11075ccb58d"`);
    await db.query(`ALTER TABLE "node_identity" DROP CONSTRAINT "FK_61b061aa38c112280c49c66acd5"`);
    await db.query(`ALTER TABLE "node_identity" DROP CONSTRAINT "FK_2c564e633f33b02c964edbbb3a7"`);
    await db.query(`ALTER TABLE "pool" DROP CONSTRAINT "FK_ca79954915dc0351984757e2e93"`);
    await db.query(`DROP TABLE "identity_account"`);
    await db.query(`DROP INDEX "public"."IDX_e76b00b60af796eb6b77c720ca"`);
    await db.query(`DROP TABLE "treasury_upgrade_notice"`);
    await db.query(`DROP TABLE "outflow_limit"`);
    await db.query(`DROP INDEX "public"."IDX_cfbb91cfd436b012a91c806fab"`);
    await db.query(`DROP INDEX "public"."IDX_298e1261a5b4c8ff1b51eee88d"`);
    await db.query(`DROP INDEX "public"."IDX_2eafd09acefc9cbb9699deabb2"`);
    await db.query(`DROP INDEX "public"."IDX_032f7efc824ada9d5bb602ca35"`);
    await db.query(`DROP INDEX "public"."IDX_d5631f5085c48c524f2fcd19c7"`);
    await db.query(`DROP INDEX "public"."IDX_7d08b2a8ff6fa92542b81c49d1"`);
    await db.query(`DROP INDEX "public"."IDX_1d184a465f4aa138de22018684"`);
    await db.query(`DROP TABLE "treasury_payment"`);
    await db.query(`DROP TABLE "auction_lot"`);
    await db.query(`DROP INDEX "public"."IDX_2d2fa5fcf72f9b17c198099bc5"`);
    await db.query(`DROP INDEX "public"."IDX_5d598901d7c25ff15417f7480b"`);
    await db.query(`DROP INDEX "public"."IDX_30b6128f73ab300df5a0b5779f"`);
    await db.query(`DROP INDEX "public"."IDX_73e37a5f1afaf4bcc6bbb35d1c"`);
    await db.query(`DROP TABLE "auction_purchase"`);
    await db.query(`DROP INDEX "public"."IDX_6c53e850aed234de4578bbdd9c"`);
    await db.query(`DROP TABLE "treasury_budget"`);
    await db.query(`DROP INDEX "public"."IDX_73a4078020fea94d2fe24eb5d4"`);
    await db.query(`DROP TABLE "treasury_stream"`);
    await db.query(`DROP INDEX "public"."IDX_f1e49efa9d08f3778867df528d"`);
    await db.query(`DROP INDEX "public"."IDX_40c690916d4faf3dd4eb11cc5d"`);
    await db.query(`DROP TABLE "vesting_allocation"`);
    await db.query(`DROP INDEX "public"."IDX_261140364454c532a72506e846"`);
    await db.query(`DROP INDEX "public"."IDX_70156fba9e3382f9eacb6300c5"`);
    await db.query(`DROP INDEX "public"."IDX_28afef2ad53f162102267bcc71"`);
    await db.query(`DROP TABLE "vesting_claim"`);
    await db.query(`DROP TABLE "function_role"`);
    await db.query(`DROP INDEX "public"."IDX_4e0af6388080e2db994d1dd0fd"`);
    await db.query(`DROP TABLE "slash_burn"`);
    await db.query(`DROP INDEX "public"."IDX_d00c3367a15720e863a8421935"`);
    await db.query(`DROP TABLE "network_day"`);
    await db.query(`DROP INDEX "public"."IDX_ab9ea180afacc2581972157c7d"`);
    await db.query(`DROP TABLE "protocol_contract"`);
    await db.query(`DROP INDEX "public"."IDX_5a49d7ffa763004c36f9f18a6c"`);
    await db.query(`DROP TABLE "parameter"`);
    await db.query(`DROP INDEX "public"."IDX_addbf1f896f2740686cad16abe"`);
    await db.query(`DROP INDEX "public"."IDX_fd4d30f3c3321543fad51b58ce"`);
    await db.query(`DROP TABLE "parameter_change"`);
    await db.query(`DROP INDEX "public"."IDX_3c864799130f52879a626f2d24"`);
    await db.query(`DROP INDEX "public"."IDX_c2c09f644722dfd8685dcb1dc6"`);
    await db.query(`DROP TABLE "contract_upgrade"`);
    await db.query(`DROP INDEX "public"."IDX_4f061c27810115659df361980d"`);
    await db.query(`DROP INDEX "public"."IDX_0e1275b29767a74cf50df77d42"`);
    await db.query(`DROP TABLE "reward_rates"`);
    await db.query(`DROP INDEX "public"."IDX_67c3b8eab6d933da97bdbdb189"`);
    await db.query(`DROP TABLE "reward_mint"`);
    await db.query(`DROP INDEX "public"."IDX_7ede4b1f378533a7ff8a2071bf"`);
    await db.query(`DROP TABLE "audit_ring_change"`);
    await db.query(`DROP INDEX "public"."IDX_e4b2f8998a8b41893cb8e589af"`);
    await db.query(`DROP TABLE "network_stake_checkpoint"`);
    await db.query(`DROP INDEX "public"."IDX_18f6ce7b7d128f7fa5147017bc"`);
    await db.query(`DROP TABLE "exit_bucket"`);
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
    await db.query(`DROP INDEX "public"."IDX_76b4a2e98805484efdac7e2fde"`);
    await db.query(`DROP INDEX "public"."IDX_6458d78aa835650a97f1ff0a67"`);
    await db.query(`DROP TABLE "role_member"`);
    await db.query(`DROP INDEX "public"."IDX_8d701dbd422ac5e3e1d7a9a0d1"`);
    await db.query(`DROP INDEX "public"."IDX_f5c90d8438424ec0f044ef945a"`);
    await db.query(`DROP INDEX "public"."IDX_db85a3f8526cbaa2865faf8637"`);
    await db.query(`DROP TABLE "vote"`);
    await db.query(`DROP INDEX "public"."IDX_353c7f025ae061d2e6f273e80e"`);
    await db.query(`DROP INDEX "public"."IDX_76f0610674d0e88fde9a8015ca"`);
    await db.query(`DROP INDEX "public"."IDX_2a794f37fc13611327b2e8d0d0"`);
    await db.query(`DROP INDEX "public"."IDX_fc05c9a1fe472dcdcb98d8a6c4"`);
    await db.query(`DROP TABLE "proposal"`);
    await db.query(`DROP INDEX "public"."IDX_040c85fab8dd9d3ac90647f818"`);
    await db.query(`DROP TABLE "timelock_operation"`);
    await db.query(`DROP INDEX "public"."IDX_5a89e85fcddd1c5120a66ddff3"`);
    await db.query(`DROP TABLE "timelock_call"`);
    await db.query(`DROP INDEX "public"."IDX_cccee52c5a2e31ac4373c4c014"`);
    await db.query(`DROP INDEX "public"."IDX_4fdf3b2bb9c4e5b4aefecce9bd"`);
    await db.query(`DROP INDEX "public"."IDX_0710656d232a3d0a7208444992"`);
    await db.query(`DROP INDEX "public"."IDX_19f41213e777e8292db0fe2400"`);
    await db.query(`DROP TABLE "stake_action"`);
    await db.query(`DROP INDEX "public"."IDX_19fd62d7039c028da9a645653e"`);
    await db.query(`DROP INDEX "public"."IDX_2663f4841598126a0d78319e3c"`);
    await db.query(`DROP TABLE "exit_request"`);
    await db.query(`DROP INDEX "public"."IDX_b4ef86f3c2645c0a0acde88d24"`);
    await db.query(`DROP INDEX "public"."IDX_fd0a6e09bc38289fd02e6261eb"`);
    await db.query(`DROP INDEX "public"."IDX_a584ef000c581013a3b62ebb2b"`);
    await db.query(`DROP INDEX "public"."IDX_626197714589c5c5b649abe53d"`);
    await db.query(`DROP INDEX "public"."IDX_8ffa491fa96eb26764dcf9a81f"`);
    await db.query(`DROP INDEX "public"."IDX_bfbc39494b0bc6d9297d5cfebb"`);
    await db.query(`DROP TABLE "node"`);
    await db.query(`DROP INDEX "public"."IDX_90c455a51397d64006d85d4554"`);
    await db.query(`DROP INDEX "public"."IDX_0bf3c5c0905f35067006bb2d2f"`);
    await db.query(`DROP TABLE "delegation"`);
    await db.query(`DROP INDEX "public"."IDX_71ec97508fc44bb7d4bd7bda7d"`);
    await db.query(`DROP TABLE "stake_checkpoint"`);
    await db.query(`DROP INDEX "public"."IDX_c744eb003249c1411923b10ecf"`);
    await db.query(`DROP INDEX "public"."IDX_608208df0599889929810481c5"`);
    await db.query(`DROP INDEX "public"."IDX_5a23f0f250bb0e2ee7c84c1255"`);
    await db.query(`DROP TABLE "node_update"`);
    await db.query(`DROP INDEX "public"."IDX_5b6d1376d8a13ba21a8e028e62"`);
    await db.query(`DROP INDEX "public"."IDX_1b749dcbc49f4ea83304b2f9de"`);
    await db.query(`DROP INDEX "public"."IDX_39d8292e578323f52e60fe59da"`);
    await db.query(`DROP INDEX "public"."IDX_6e8c94c51bce085809c625464b"`);
    await db.query(`DROP INDEX "public"."IDX_3935054e6e7884bac7da31f1dd"`);
    await db.query(`DROP INDEX "public"."IDX_0644fb6b9fa84f32cdf0e5f0e0"`);
    await db.query(`DROP TABLE "audit"`);
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
    await db.query(`DROP INDEX "public"."IDX_5a8110ff23b4399b513e42ee05"`);
    await db.query(`DROP INDEX "public"."IDX_bd2ce61c517496d905c54f0460"`);
    await db.query(`DROP INDEX "public"."IDX_c1301ac5cb6d3153a8cd96d40c"`);
    await db.query(`DROP TABLE "node_epoch"`);
    await db.query(`DROP INDEX "public"."IDX_661f6ea3cba81184c355f041ab"`);
    await db.query(`DROP INDEX "public"."IDX_6d529bdc1e6b8639214680fc28"`);
    await db.query(`DROP INDEX "public"."IDX_0c878c760a595cef92aa47302f"`);
    await db.query(`DROP TABLE "audit_seat"`);
    await db.query(`DROP INDEX "public"."IDX_c006de5859fca92962f921dc20"`);
    await db.query(`DROP INDEX "public"."IDX_becad7f3428a4a998381d9fc96"`);
    await db.query(`DROP INDEX "public"."IDX_b2e0a6921145141c08780eef98"`);
    await db.query(`DROP INDEX "public"."IDX_4489f9fe9bcc855ca337d98a35"`);
    await db.query(`DROP INDEX "public"."IDX_04a8578cf7c04d3abcc604fe94"`);
    await db.query(`DROP TABLE "slash"`);
    await db.query(`DROP INDEX "public"."IDX_c4b3dd43461a575d27327538b3"`);
    await db.query(`DROP INDEX "public"."IDX_5ea978b0d424c5dfd2e648de3b"`);
    await db.query(`DROP INDEX "public"."IDX_1dc20cc15b5ae1828fdc4b5761"`);
    await db.query(`DROP INDEX "public"."IDX_7b3883fc87e2dc99bee1632995"`);
    await db.query(`DROP INDEX "public"."IDX_6fd8a4938528356c6dd404ea87"`);
    await db.query(`DROP INDEX "public"."IDX_050ff7a71d1d286bc0c5f579ad"`);
    await db.query(`DROP TABLE "arbitration_case"`);
    await db.query(`DROP INDEX "public"."IDX_ee7ae2dbc18237d1a25707e566"`);
    await db.query(`DROP INDEX "public"."IDX_97e53d8f904da1716e5542d2f0"`);
    await db.query(`DROP INDEX "public"."IDX_d534200cad84540b85db12c5a6"`);
    await db.query(`DROP TABLE "arbiter_vote"`);
    await db.query(`DROP TABLE "arbiter_panel"`);
    await db.query(`DROP INDEX "public"."IDX_3fa23de14ae395afa942c70c51"`);
    await db.query(`DROP INDEX "public"."IDX_0333d5f246445eb23c29865770"`);
    await db.query(`DROP TABLE "jailing"`);
    await db.query(`DROP INDEX "public"."IDX_a9d4581f65e6e9750cb52fcb9a"`);
    await db.query(`DROP INDEX "public"."IDX_ce8c2c97b804e822fba53b24de"`);
    await db.query(`DROP INDEX "public"."IDX_e371be820e1930db4fb30df6f4"`);
    await db.query(`DROP INDEX "public"."IDX_86f4f62324016fa76bfc2dfd7f"`);
    await db.query(`DROP TABLE "strike"`);
    await db.query(`DROP INDEX "public"."IDX_c09851c7acebe6c4f3856b8c89"`);
    await db.query(`DROP INDEX "public"."IDX_17e33c3b50e7ad740049ef8030"`);
    await db.query(`DROP INDEX "public"."IDX_d0974178f4ebd8df11075ccb58"`);
    await db.query(`DROP INDEX "public"."IDX_61b061aa38c112280c49c66acd"`);
    await db.query(`DROP INDEX "public"."IDX_2c564e633f33b02c964edbbb3a"`);
    await db.query(`DROP TABLE "node_identity"`);
    await db.query(`DROP INDEX "public"."IDX_ca79954915dc0351984757e2e9"`);
    await db.query(`DROP TABLE "pool"`);
  }
};
