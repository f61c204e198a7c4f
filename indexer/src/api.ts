import { startApi } from "./api/server";
import { readSettings } from "./api/settings";
import { aborted } from "./shared/abort";
import { createLog, reportReady } from "./shared/log";
import { runMain } from "./shared/main";

runMain("api", async (signal) => {
  const api = await startApi(readSettings(), createLog("api"), signal);
  reportReady({ service: "api", url: api.url, graphqlUrl: api.graphqlUrl });
  await aborted(signal);
  await api.stop();
});
