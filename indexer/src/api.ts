import { startApi } from "./api/server";
import { readSettings } from "./api/settings";
import { createLog, reportReady } from "./shared/log";
import { runMain } from "./shared/main";

runMain("api", async (signal) => {
  const api = await startApi(readSettings(), createLog("api"), signal);
  reportReady({ service: "api", url: api.url, graphqlUrl: api.graphqlUrl });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await api.stop();
});
