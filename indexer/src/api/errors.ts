import { randomUUID } from "node:crypto";
import { GraphQLError } from "graphql";
import { DatabaseError } from "pg";
import type { Logger } from "../shared/log";

/** An error that is the caller's to mend. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });
}

/** Errors that the caller can do something about, by Postgres' code. */
const DATABASE_ERRORS: Readonly<Record<string, { readonly code: string; readonly message: string }>> = {
  "57014": {
    code: "QUERY_TIMEOUT",
    message: "The query took too long and was stopped: ask for less, or filter by a field that is indexed.",
  },
  "42P01": {
    code: "NOT_READY",
    message: "The indexer has not begun to fill the database yet: try again soon.",
  },
  "3F000": {
    code: "NOT_READY",
    message: "The indexer has not begun to fill the database yet: try again soon.",
  },
  "22003": { code: "BAD_USER_INPUT", message: "A number in the query is out of range." },
  "22P02": { code: "BAD_USER_INPUT", message: "A value in the query has the wrong form." },
  "22021": {
    code: "BAD_USER_INPUT",
    message: "A text in the query holds a character that cannot be stored.",
  },
  "2201W": { code: "BAD_USER_INPUT", message: "A limit must not be negative." },
  "2201X": { code: "BAD_USER_INPUT", message: "An offset must not be negative." },
  "22P05": {
    code: "BAD_USER_INPUT",
    message: "A text in the query holds a character that cannot be stored.",
  },
};

/** Turns what went wrong into what the caller may know; the rest goes to the log, under an id that the caller gets. */
export function createErrorMask(log: Logger): (error: unknown) => Error {
  return (error) => {
    const graphqlError = error instanceof GraphQLError ? error : undefined;
    const cause: unknown = graphqlError?.originalError ?? error;
    if (graphqlError !== undefined && graphqlError.originalError == null) return graphqlError;
    const place = { nodes: graphqlError?.nodes, path: graphqlError?.path };
    const known = explain(cause);
    if (known !== undefined)
      return new GraphQLError(known.message, { ...place, extensions: { code: known.code } });
    const id = randomUUID();
    log.error({ err: cause, id }, "a query failed");
    return new GraphQLError(`Something went wrong on the server; its log says what, under ${id}.`, {
      ...place,
      extensions: { code: "INTERNAL_SERVER_ERROR", id },
    });
  };
}

function explain(cause: unknown): { code: string; message: string } | undefined {
  if (cause instanceof DatabaseError) return DATABASE_ERRORS[cause.code ?? ""];
  if (!(cause instanceof Error)) return undefined;
  // Openreader's own input errors, and ours, carry a code.
  if ("extensions" in cause && typeof cause.extensions === "object" && cause.extensions !== null) {
    const code = "code" in cause.extensions ? cause.extensions.code : undefined;
    if (typeof code === "string" && code !== "INTERNAL_SERVER_ERROR") return { code, message: cause.message };
  }
  // pg's pool, when no connection came free in time.
  if (/timeout exceeded when trying to connect/i.test(cause.message)) {
    return { code: "BUSY", message: "Too many queries at once: try again in a moment." };
  }
  return undefined;
}
