import { resolve } from "node:path";
import { z } from "zod";
import { startDatabase } from "./database/embedded";
import { aborted } from "./shared/abort";
import { port, readEnvironment } from "./shared/environment";
import { reportReady } from "./shared/log";
import { runMain } from "./shared/main";

const settingsSchema = z.object({
  /** Folder of the database. */
  DB_DIRECTORY: z.string().default(".devnet/postgres"),
  /** Port on 127.0.0.1; a free one by default. */
  DB_PORT: port.default(0),
});

runMain("database", async (signal) => {
  const settings = readEnvironment(settingsSchema, "database");
  const database = await startDatabase({
    directory: resolve(settings.DB_DIRECTORY),
    ...(settings.DB_PORT === 0 ? {} : { port: settings.DB_PORT }),
  });
  reportReady({ service: "database", url: database.url, port: database.port, pid: database.pid });
  const reason = await Promise.race([database.failed, aborted(signal)]);
  await database.stop();
  if (typeof reason === "string") throw new Error(reason);
});
