import { expect } from "chai";
import { isEnumType, isObjectType, Kind, parse, validate } from "graphql";
import { readFile } from "node:fs/promises";
import { buildSchema } from "../../indexer/lib/api/schema.js";
import { missingMigration, openEntities } from "../../indexer/lib/database/entities.js";
import { TestDatabases } from "./support/databases.js";

const README = new URL("../../indexer/README.md", import.meta.url);
const SCHEMA = new URL("../../indexer/schema.graphql", import.meta.url);

describe("the schema of the index", () => {
  it("is what the migrations make of an empty database", async function () {
    this.timeout(60_000);
    const databases = await TestDatabases.start();
    try {
      const source = await openEntities(await databases.create());
      try {
        expect(await missingMigration(source), "an empty database lacks everything").not.to.be.empty;
        await source.runMigrations({ transaction: "all" });
        expect(
          await missingMigration(source),
          "run `npm --prefix indexer run migration -- WhatItDoes` and commit what it writes",
        ).to.deep.equal([]);
        await source.undoLastMigration({ transaction: "all" });
        expect(
          await source.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"),
        ).to.deep.equal([{ tablename: "migrations" }]);
      } finally {
        await source.destroy();
      }
    } finally {
      await databases.stop();
    }
  });

  it("describes every type and every field", async () => {
    const document = parse(await readFile(SCHEMA, "utf8"));
    let fields = 0;
    for (const definition of document.definitions) {
      if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.ENUM_TYPE_DEFINITION)
        continue;
      const type = definition.name.value;
      expect(definition.description?.value, type).to.be.a("string").and.not.be.empty;
      if (definition.kind === Kind.ENUM_TYPE_DEFINITION) continue;
      for (const field of definition.fields ?? []) {
        expect(field.description?.value, `${type}.${field.name.value}`).to.be.a("string").and.not.be.empty;
        fields += 1;
      }
    }
    expect(fields).to.be.greaterThan(600);
  });

  it("answers the examples that the README gives", async () => {
    const schema = await buildSchema();
    const text = await readFile(README, "utf8");
    const examples = /```graphql\n(.*?)```/s
      .exec(text)?.[1]
      ?.split(/^#.*$/m)
      .filter((part) => part.trim() !== "");
    expect(examples).to.have.length(8);
    for (const example of examples ?? []) {
      const errors = validate(schema, parse(example));
      expect(
        errors.map(({ message }) => message),
        example,
      ).to.deep.equal([]);
    }
  });

  it("shows its descriptions and names to those who ask the API", async () => {
    const schema = await buildSchema();
    const node = schema.getType("Node");
    expect(isObjectType(node) && node.getFields().pricePerGB?.description).to.include("10^9 bytes");
    expect(isEnumType(schema.getType("SeedStatus"))).to.be.true;
    const queries = Object.keys(schema.getQueryType()!.getFields());
    expect(queries).to.include.members([
      "squidStatus",
      "epochs",
      "epochById",
      "epochsConnection",
      "nodeEpochs",
    ]);
    expect(queries.filter((name) => /epoches/i.test(name))).to.deep.equal([]);
  });
});
