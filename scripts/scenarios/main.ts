/** `npm run scenario -- <name>`: a story on real contracts and a real index, which ends by itself with one JSON line. */
import { cheat } from "./cheat.js";
import { exit } from "./exit.js";
import { governance } from "./governance.js";
import { revertName } from "./reverts.js";
import { slowNode } from "./slowNode.js";
import { Stage } from "./stage.js";
import { Story } from "./story.js";
import { upgrade } from "./upgrade.js";

const SCENARIOS: Readonly<Record<string, (story: Story) => Promise<void>>> = {
  cheat: onStage(cheat),
  governance: onStage(governance),
  upgrade: onStage(upgrade),
  exit: onStage(exit),
  "slow-node": slowNode,
};

const USAGE = `Plays a story on a chain of its own with all contracts and the indexer, and checks every step.

  npm run scenario -- <name>

  cheat       a node invents traffic, is slashed, the slash burns; another fails its audits and is jailed
  governance  staked and unstaked votes change a parameter, through the timelock
  upgrade     a contract is upgraded by vote, with its storage intact
  slow-node   real nodes audit each other with real calls; one is reached over a bad network, earns less, goes to jail
  exit        a delegator and an app leave with their money while a slash is open

The steps go to the error output, one JSON line at the end to the output. Exits with 1 if anything is off.`;

/** Plays one scenario to its end. */
export async function play(name: string): Promise<Story> {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`there is no scenario "${name}"\n\n${USAGE}`);
  const story = new Story(name);
  await scenario(story);
  return story;
}

/** A story whose nodes the script drives itself, on a stage that is put up for it and taken down. */
function onStage(scenario: (stage: Stage, story: Story) => Promise<void>): (story: Story) => Promise<void> {
  return async (story) => {
    const stage = await Stage.start((text) => story.say(text));
    const interrupted = () => void stage.group.stop();
    process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
    try {
      await Promise.race([scenario(stage, story), failureOf(stage)]);
      for (const difference of await stage.differences()) story.fault(difference);
    } catch (error) {
      story.fault(revertName(error));
    } finally {
      const logs = await stage.stop(!story.ok);
      if (logs !== undefined) story.say(`logs are in ${logs}`);
    }
    for (const problem of stage.group.problems()) story.fault(problem);
  };
}

/** Rejects when one of the stage's processes fails. */
async function failureOf({ group }: Stage): Promise<never> {
  return new Promise((_resolve, reject) => {
    group.failure.addEventListener("abort", () => reject(group.failure.reason as Error), { once: true });
  });
}

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || name === "--help" || rest.length > 0) {
  console.error(USAGE);
  process.exitCode = name === "--help" ? 0 : 1;
} else {
  try {
    const story = await play(name);
    console.log(story.end());
    process.exitCode = story.ok ? 0 : 1;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
