import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/**
 * Sends a file below a folder.
 * @param path Path of the URL below the folder, still percent-encoded; "/" means index.html.
 * @returns false where there is no such file, or it lies outside the folder or behind a dot.
 */
export async function sendFile(
  directory: string,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const file = await findFile(directory, path);
  if (file === undefined) return false;
  response.writeHead(200, {
    "content-type": CONTENT_TYPES[extname(file.path)] ?? "application/octet-stream",
    "content-length": file.size,
    // The page is small and changes with each build: a browser asks again.
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
  });
  if (request.method === "HEAD") response.end();
  else await pipeline(createReadStream(file.path), response);
  return true;
}

async function findFile(
  directory: string,
  path: string,
): Promise<{ path: string; size: number } | undefined> {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return undefined;
  }
  if (decoded.includes("\0") || decoded.split(/[/\\]/).some((part) => part.startsWith("."))) return undefined;
  const wanted = resolve(directory, `.${decoded.startsWith("/") ? decoded : `/${decoded}`}`);
  try {
    const root = await realpath(directory);
    const found = await realpath(decoded.endsWith("/") ? join(wanted, "index.html") : wanted);
    if (!found.startsWith(root + sep)) return undefined;
    const { size, isFile } = await stat(found).then((stats) => ({
      size: stats.size,
      isFile: stats.isFile(),
    }));
    return isFile ? { path: found, size } : undefined;
  } catch {
    return undefined;
  }
}
