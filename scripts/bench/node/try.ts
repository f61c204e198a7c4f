import { Audience } from "./load/Audience.js";
import { Fleet } from "./load/Fleet.js";
import { JanusSfu, janusVersion } from "./sfu/JanusSfu.js";
import { pin } from "./support/processes.js";
console.log(await janusVersion());
const fleets = { active: await Fleet.start(), parked: await Fleet.start() };
await pin(fleets.active.pid,1); await pin(fleets.parked.pid,1);
for (const eventLoops of [undefined, 1, 2]) {
const j = await JanusSfu.start({eventLoops});
try { const a = await Audience.open(j, fleets); for (const n of (process.argv[2]??"2").split(",").map(Number)) { await a.growTo(n); await pin(j.mediaPid,0); const r = await a.run(3); console.log(eventLoops, n, a.profileName, r, "us/packet", 1000*r.mediaCpuMs/r.packets); }  await a.close();}
finally { await j.stop(); }
}
await fleets.active.stop(); await fleets.parked.stop();
