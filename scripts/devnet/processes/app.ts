/** The devnet's app. Its settings come as JSON in the environment. */
import { appSettingsSchema } from "../app/settings.js";
import { startAppServer } from "../app/appServer.js";
import { devnetProvider } from "../chain.js";
import { onStop, ready } from "./child.js";

const settings = appSettingsSchema.parse(JSON.parse(process.env.DEVNET_APP ?? "null"));
const provider = devnetProvider(settings.rpcUrl);
const server = await startAppServer(settings, provider);
onStop(async () => {
  await server.close();
  provider.destroy();
});
ready({ port: server.port });
