import hre from "hardhat";
import { NonceManager, Wallet, parseEther } from "ethers";
import { DTelToken__factory } from "../../../types/contracts/factories/token/DTelToken__factory.js";
import { BlockWatcher } from "../../../node/chain/blockWatcher.js";
import { connectContracts } from "../../../node/chain/contracts.js";
import { deploymentSchema } from "../../../node/chain/deployment.js";
import type { Deployment } from "../../../node/chain/deployment.js";
import { NodeChain } from "../../../node/chain/nodeChain.js";
import { RingChain } from "../../../node/chain/ringChain.js";
import { RpcProvider } from "../../../node/chain/rpcProvider.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { deployProtocol } from "../../../scripts/ignition/deployProtocol.js";
import { loadParameters } from "../../../scripts/parameters/schema.js";

const PARAMETERS = new URL("../../../scripts/parameters/devnet.json", import.meta.url);
/** Public key material of every Hardhat chain: the mnemonic's first account owns all coins and tokens. */
const HOLDER_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/** A chain of this process, served over HTTP, which mines when told to, with the protocol deployed on it. */
export class LocalChain {
  readonly url: string;
  readonly provider: RpcProvider;
  readonly holder: NonceManager;
  readonly #server: { close(): Promise<void> };
  #deployment: Deployment | undefined;

  private constructor(url: string, server: { close(): Promise<void> }, chainId: number) {
    this.url = url;
    this.#server = server;
    this.provider = new RpcProvider({ urls: [url], chainId });
    this.holder = new NonceManager(new Wallet(HOLDER_KEY, this.provider));
  }

  /**
   * Mines each transaction at once until told otherwise.
   * @param behindSeconds How far the chain's clock is behind at first: its blocks are a second apart at least, so that it
   * runs ahead when many are mined at once. `mineAt` catches up.
   * @param keepsTime Blocks may have the same second: the chain does not run ahead.
   */
  static async start({
    behindSeconds = 0,
    keepsTime = false,
  }: { behindSeconds?: number; keepsTime?: boolean } = {}): Promise<LocalChain> {
    const initialDate = new Date(Date.now() - behindSeconds * 1_000);
    const override = {
      ...(behindSeconds === 0 ? {} : { initialDate }),
      ...(keepsTime ? { allowBlocksWithSameTimestamp: true } : {}),
    };
    const server = await hre.network.createServer({ network: "hardhat", override }, "127.0.0.1", 0);
    const { port } = await server.listen();
    const chain = new LocalChain(`http://127.0.0.1:${port}`, server, 31_337);
    // Hardhat's chains begin at the time at which its configuration was loaded, however long ago that was.
    const startsAt = Math.ceil(Date.now() / 1_000) - behindSeconds;
    await chain.provider.send("evm_setNextBlockTimestamp", [startsAt + 1]);
    await chain.provider.send("evm_mine", []);
    return chain;
  }

  async close(): Promise<void> {
    this.provider.destroy();
    await this.#server.close();
  }

  get deployment(): Deployment {
    if (this.#deployment === undefined) throw new Error("the protocol is not deployed on this chain");
    return this.#deployment;
  }

  async deploy(): Promise<Deployment> {
    const provider = {
      request: ({
        method,
        params = [],
      }: {
        method: string;
        params?: readonly unknown[] | object;
      }): Promise<unknown> => this.provider.send(method, Array.isArray(params) ? params : [params]),
    };
    const deployed = await deployProtocol({ provider, parameters: await loadParameters(PARAMETERS) });
    this.#deployment = deploymentSchema.parse(deployed);
    return this.#deployment;
  }

  contracts(runner: NonceManager = this.holder) {
    const { addresses } = this.deployment;
    return {
      ...connectContracts(this.deployment, runner),
      token: DTelToken__factory.connect(addresses.token, runner),
    };
  }

  /** A fresh account with coins for gas. */
  async account(): Promise<Wallet> {
    const wallet = new Wallet(Wallet.createRandom().privateKey, this.provider);
    await mined(this.holder.sendTransaction({ to: wallet.address, value: parseEther("10") }));
    return wallet;
  }

  /** A fresh account with coins and DTEL, sending one transaction after another. */
  async richAccount(dtel: string): Promise<{ wallet: Wallet; signer: NonceManager }> {
    const wallet = await this.account();
    await mined(this.contracts().token.transfer(wallet.address, parseEther(dtel)));
    return { wallet, signer: new NonceManager(wallet) };
  }

  /** Sends one transaction after another for an account. */
  senderOf(wallet: Wallet): NonceManager {
    return new NonceManager(wallet);
  }

  /** Registers a node and puts down its bond. */
  async node(operator: Wallet, pricePerGB = parseEther("100")): Promise<bigint> {
    return (await this.ownedNode(operator, { pricePerGB })).nodeId;
  }

  /** Registers a node and puts down its bond, which may be "0"; its owner has as much again. */
  async ownedNode(
    operator: Wallet,
    options: { pricePerGB?: bigint; endpoint?: string; bond?: string } = {},
  ): Promise<{ nodeId: bigint; owner: NonceManager }> {
    const { pricePerGB = parseEther("100"), endpoint = "ws://127.0.0.1:1/", bond = "5000" } = options;
    const { signer: owner } = await this.richAccount("10000");
    const { token, nodeRegistry, nodeStaking } = this.contracts(owner);
    await mined(nodeRegistry.register(operator.address, 0, 1_000, pricePerGB, endpoint));
    const nodeId = await nodeRegistry.nodeCount();
    await mined(token.approve(this.deployment.addresses.nodeStaking, parseEther("10000")));
    if (bond !== "0") await mined(nodeStaking.bond(nodeId, parseEther(bond)));
    return { nodeId, owner };
  }

  /** An app with a balance, a signer key and, for each node, a reserve. */
  async app(
    signerAddress: string,
    reserves: Readonly<Record<string, string>>,
    balance = "1000",
  ): Promise<Wallet> {
    const { wallet, signer } = await this.richAccount(balance);
    const { token, paymentEscrow } = this.contracts(signer);
    await mined(
      token["transferAndCall(address,uint256)"](this.deployment.addresses.paymentEscrow, parseEther(balance)),
    );
    await mined(paymentEscrow.addSigner(signerAddress));
    for (const [nodeId, amount] of Object.entries(reserves))
      await mined(paymentEscrow.reserve(nodeId, parseEther(amount)));
    return wallet;
  }

  /** Notes the chain's state; the returned function brings it back, once. */
  async snapshot(): Promise<() => Promise<void>> {
    const id: unknown = await this.provider.send("evm_snapshot", []);
    return async () => {
      await this.provider.send("evm_revert", [id]);
      this.holder.reset();
    };
  }

  /** Lets time pass and mines a block at that Unix time, in seconds; at once where it is later already. */
  async mineAt(seconds: number): Promise<void> {
    const isLater = async () => ((await this.provider.getBlock("latest"))?.timestamp ?? 0) >= seconds;
    if (!(await isLater())) {
      try {
        await this.provider.send("evm_setNextBlockTimestamp", [seconds]);
      } catch (error) {
        // A transaction may have been mined just now.
        if (!(await isLater())) throw error;
      }
    }
    await this.provider.send("evm_mine", []);
  }

  async mine(blocks = 1): Promise<void> {
    for (let block = 0; block < blocks; block++) await this.provider.send("evm_mine", []);
  }

  /** Whether transactions are mined as they come. */
  async automine(enabled: boolean): Promise<void> {
    await this.provider.send("evm_setAutomine", [enabled]);
  }
}

/** Waits until a transaction is mined. */
export async function mined(sending: Promise<{ wait(): Promise<unknown> }>): Promise<void> {
  await (await sending).wait();
}

/** A watcher that polls a chain of this machine often, and what is built on it. */
export async function watch(provider: RpcProvider): Promise<BlockWatcher> {
  const watcher = new BlockWatcher(provider, { periodMs: 25, onError: () => undefined });
  await watcher.start();
  return watcher;
}

export function ringChainOn(chain: LocalChain, nodeId: bigint, operator: string): RingChain {
  const contracts = connectContracts(chain.deployment, chain.provider);
  const { deployment, provider } = chain;
  return new RingChain({ deployment, contracts, provider, nodeId, operator: parseAddress(operator) });
}

export function nodeChainOn(chain: LocalChain, watcher: BlockWatcher, nodeId: bigint): NodeChain {
  const contracts = connectContracts(chain.deployment, chain.provider);
  return new NodeChain({ deployment: chain.deployment, contracts, watcher, nodeId });
}
