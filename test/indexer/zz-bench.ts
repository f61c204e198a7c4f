import { TestChain } from "/work/main/test/indexer/support/chain.js";
import { TestIndexer } from "/work/main/test/indexer/support/indexer.js"; import { TestDatabases } from "/work/main/test/indexer/support/databases.js";
import { deployTo } from "/work/main/test/indexer/support/protocol.js";
import { addNode, addApp, dtel, collect } from "/work/main/test/contracts/support/people.js";
const chain = await TestChain.start(); const dbs = await TestDatabases.start();
const protocol = await deployTo(chain);
const node = await addNode(protocol); const app = await addApp(protocol, dtel(100000));
const accts = await Promise.all(Array.from({length:50},()=>protocol.newAccount()));
await chain.provider.send("evm_setAutomine",[false]);
let nonce = await chain.provider.getTransactionCount(protocol.holder.address);
for (let b=0;b<150;b++){ const ps=[]; for(let i=0;i<20;i++) ps.push(protocol.token.transfer(accts[(b+i)%50]!, 1n, {nonce: nonce++, gasLimit: 200000n})); await Promise.all(ps); await chain.mine(); }
console.log("height", await chain.height());
const t=performance.now();
const ix = await TestIndexer.start({databaseUrl: await dbs.create(), chain, deployment: protocol.file, processor:{COLD_BATCH_BLOCKS: process.argv[2] ?? "100"}});
await ix.catchUp(); console.log("caught up ms", Math.round(performance.now()-t)); console.log(ix.processor.log().split("\n").filter(l=>/items\/sec/.test(l)).slice(-2).join("\n"));
// query rate
const q=async(n:number,conc:number,text:(i:number)=>string)=>{const s=performance.now();let i=0;await Promise.all(Array.from({length:conc},async()=>{while(i<n){const k=i++;await ix.send(text(k));}}));return Math.round(n/((performance.now()-s)/1000));};
console.log("uncached q/s", await q(600,10,(i)=>`{ nodes(limit: 10) { a${i}: id endpoint pool { bond } } networks(limit: 1) { tokenSupply } }`));
console.log("cached q/s", await q(2000,10,()=>`{ nodes(limit: 10) { id endpoint pool { bond } } }`));
await ix.stop(); await dbs.stop(); await chain.stop(); process.exit(0);
