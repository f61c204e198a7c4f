import type { DatabaseSync } from "node:sqlite";

// Byte counts and amounts are decimal text: they exceed SQLite's 63 bits. Addresses are in checksum form.

/** Creates the tables of the service where they are missing. */
export function createServiceTables(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE IF NOT EXISTS identity (
      name TEXT PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT;

    CREATE TABLE IF NOT EXISTS grants (
      id TEXT PRIMARY KEY,
      app TEXT NOT NULL,
      session_key TEXT NOT NULL,
      room TEXT NOT NULL,
      max_bytes_per_epoch TEXT NOT NULL,
      expires_at TEXT NOT NULL,
      details_hash TEXT NOT NULL,
      signature TEXT NOT NULL,
      signer TEXT NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS grants_app ON grants (app);

    -- The highest receipt of each session in each epoch, with the grant that it counts under.
    CREATE TABLE IF NOT EXISTS receipts (
      epoch INTEGER NOT NULL,
      session_key TEXT NOT NULL,
      grant_id TEXT NOT NULL REFERENCES grants (id),
      bytes_delivered TEXT NOT NULL,
      quality INTEGER NOT NULL,
      signature TEXT NOT NULL,
      stored_at_ms INTEGER NOT NULL,
      -- Why the receipt is left out of the tree; absent for nearly all.
      quarantine TEXT,
      -- Bytes of this session and epoch that the app's endpoint was last shown; absent before.
      shown_bytes TEXT,
      PRIMARY KEY (epoch, session_key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS receipts_grant ON receipts (grant_id);
    CREATE INDEX IF NOT EXISTS receipts_unshown ON receipts (grant_id) WHERE shown_bytes IS NOT bytes_delivered;

    -- What the node attests for an epoch: fixed before it is sent. From then on no receipt of the epoch is taken.
    CREATE TABLE IF NOT EXISTS attestations (
      epoch INTEGER PRIMARY KEY,
      receipt_root TEXT NOT NULL,
      bytes_delivered TEXT NOT NULL,
      sessions INTEGER NOT NULL,
      audit_commitment TEXT NOT NULL
    ) STRICT;

    -- Audit scores that an attestation commits to, fixed with it, and why the contracts refuse them where they do.
    CREATE TABLE IF NOT EXISTS audit_reveals (
      epoch INTEGER PRIMARY KEY REFERENCES attestations (epoch),
      packed_scores TEXT NOT NULL,
      salt TEXT NOT NULL,
      refused TEXT
    ) STRICT;

    -- Scores that an auditor handed in.
    CREATE TABLE IF NOT EXISTS audit_scores (
      epoch INTEGER NOT NULL,
      node_id TEXT NOT NULL,
      score INTEGER NOT NULL,
      PRIMARY KEY (epoch, node_id)
    ) STRICT, WITHOUT ROWID;

    -- What this node's audits found, in each round of an epoch: a fault, or what was measured.
    CREATE TABLE IF NOT EXISTS audit_rounds (
      epoch INTEGER NOT NULL,
      node_id TEXT NOT NULL,
      round INTEGER NOT NULL,
      fault TEXT,
      join_ms REAL,
      round_trip_time_ms REAL,
      jitter_ms REAL,
      loss_ratio REAL,
      frozen_ratio REAL,
      PRIMARY KEY (epoch, node_id, round)
    ) STRICT, WITHOUT ROWID;

    -- From the logs: where nodes listen and which seats of the audit ring they have. Weight 0: none.
    CREATE TABLE IF NOT EXISTS node_endpoints (
      node_id TEXT PRIMARY KEY,
      endpoint TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS ring_seats (
      node_id TEXT NOT NULL,
      from_epoch INTEGER NOT NULL,
      seat INTEGER NOT NULL,
      weight INTEGER NOT NULL,
      PRIMARY KEY (node_id, from_epoch)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS ring_seats_seat ON ring_seats (seat);
    CREATE TABLE IF NOT EXISTS directory_state (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      next_block INTEGER NOT NULL
    ) STRICT;

    -- Whether the operator wants this node to serve; absent: yes.
    CREATE TABLE IF NOT EXISTS seat_wish (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      serve INTEGER NOT NULL,
      version INTEGER NOT NULL
    ) STRICT;

    -- Epochs of which nothing is left to do on chain.
    CREATE TABLE IF NOT EXISTS settled_epochs (
      epoch INTEGER PRIMARY KEY
    ) STRICT;

    CREATE TABLE IF NOT EXISTS apps (
      app TEXT PRIMARY KEY,
      voucher_url TEXT NOT NULL,
      -- Everything the app owes for receipts, in wei, from what had been collected when the node first served it.
      owed_wei TEXT NOT NULL,
      -- Served and never signed for, in wei.
      lost_wei TEXT NOT NULL,
      voucher_amount TEXT,
      voucher_score TEXT,
      voucher_signature TEXT
    ) STRICT;
  `);
}
