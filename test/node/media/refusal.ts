import { MediaError } from "../../../node/media/mediaError.js";

/** The code with which something is refused. */
export async function refusal(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (error instanceof MediaError) return error.code;
    throw error;
  }
  throw new Error("it was not refused");
}
