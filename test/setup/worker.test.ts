import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect } from "chai";

import { cacheKey, isUsableWorker } from "../../scripts/setup/mediasoup-worker/binary.mjs";
import { prepareSource, progressIn } from "../../scripts/setup/mediasoup-worker/build.mjs";
import { sourcesList } from "../../scripts/setup/mediasoup-worker/libsrtp.mjs";
import { prebuiltUrl } from "../../scripts/setup/mediasoup-worker/prebuilt.mjs";
import { cannotBuildMessage, missingPackages } from "../../scripts/setup/mediasoup-worker/requirements.mjs";
import { userCache } from "../../scripts/setup/paths.mjs";

describe("setup: mediasoup's worker", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dtelecom-worker-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("keeps workers of different versions and systems apart", () => {
    const system = { version: "3.27.1", platform: "linux", arch: "x64", isMusl: false };
    expect(cacheKey(system)).to.equal("3.27.1.2-linux-x64");
    expect(cacheKey({ ...system, isMusl: true })).to.equal("3.27.1.2-linux-x64-musl");
    expect(cacheKey({ ...system, arch: "arm64" })).to.equal("3.27.1.2-linux-arm64");
  });

  it("respects XDG_CACHE_HOME if it is an absolute path", () => {
    expect(userCache({ XDG_CACHE_HOME: "/var/cache/me" })).to.equal("/var/cache/me/dtelecom");
    expect(userCache({ XDG_CACHE_HOME: "cache" })).to.match(/\/\.cache\/dtelecom$/);
    expect(userCache({})).to.match(/\/\.cache\/dtelecom$/);
  });

  it("takes a binary as usable only if it ends as a worker without its environment does", () => {
    const ending = (code: number) => {
      const path = join(folder, `ends-with-${code}`);
      writeFileSync(path, `#!/bin/sh\nexit ${code}\n`, { mode: 0o755 });
      return path;
    };
    expect(isUsableWorker(ending(41))).to.equal(true);
    expect(isUsableWorker(ending(0))).to.equal(false);
    expect(isUsableWorker(ending(127))).to.equal(false);
    expect(isUsableWorker(join(folder, "absent"))).to.equal(false);
  });

  it("looks for the ready-made worker where mediasoup's installer does", () => {
    const system = {
      version: "3.27.1",
      repository: "git+https://code.example/mediasoup.git",
      platform: "linux",
      arch: "arm64",
      osRelease: "6.1.0-44-arm64",
    };
    const file = "3.27.1/mediasoup-worker-3.27.1-linux-arm64-kernel6.tgz";
    expect(prebuiltUrl(system)).to.equal(`https://code.example/mediasoup/releases/download/${file}`);
    expect(prebuiltUrl({ ...system, baseUrl: "https://mirror.example/ms" })).to.equal(
      `https://mirror.example/ms/${file}`,
    );
    expect(prebuiltUrl({ ...system, platform: "darwin" })).to.match(
      /mediasoup-worker-3\.27\.1-darwin-arm64\.tgz$/,
    );
  });

  it("reads progress off the build's output", () => {
    expect(progressIn("[55/220] Compiling C++ object x.o")).to.equal(0.25);
    expect(progressIn("In file included from y.hpp")).to.equal(undefined);
  });

  it("names the Debian packages of what is missing, and no others", () => {
    const all = { hasProgram: () => true, hasLibrary: () => true };
    expect(missingPackages(all)).to.deep.equal([]);
    expect(missingPackages({ ...all, hasProgram: (name) => name !== "flatc" })).to.deep.equal([
      "flatbuffers-compiler",
    ]);
    expect(missingPackages({ ...all, hasLibrary: (name) => name !== "absl_strings" })).to.deep.equal([
      "libabsl-dev",
    ]);
    expect(missingPackages({ hasProgram: () => false, hasLibrary: () => false })).to.include.members([
      "g++",
      "meson",
      "ninja-build",
      "libuv1-dev",
    ]);
  });

  it("says what to do where the worker cannot be built", () => {
    const message = cannotBuildMessage(["g++", "meson"], "3.27.1");
    expect(message).to.include("apt-get install g++ meson");
    expect(message).to.include("MEDIASOUP_WORKER_BIN");
    expect(message).to.include("3.27.1");
  });

  it("asks the system's own package sources, of its own release, for sources", () => {
    const debian = "http://deb.debian.org/debian/";
    const targets = [
      `${debian} bookworm main`,
      `${debian} bookworm contrib`,
      `${debian} bookworm main`,
      "http://deb.debian.org/debian-security/ bookworm-security main",
      "https://deb.nodesource.com/node_20.x/ nodistro main",
      "",
    ].join("\n");
    expect(sourcesList({ targets, codename: "bookworm", keyring: "/k.gpg" })).to.equal(
      `deb-src [signed-by=/k.gpg] ${debian} bookworm main\n` +
        `deb-src [signed-by=/k.gpg] ${debian} bookworm contrib\n` +
        "deb-src [signed-by=/k.gpg] http://deb.debian.org/debian-security/ bookworm-security main\n",
    );
    expect(sourcesList({ targets, codename: "trixie", keyring: undefined })).to.equal("");
  });

  it("puts libsrtp's source and headers where the worker's build looks for them, if there is one", () => {
    const libsrtp = join(folder, "libsrtp2-2.5.0");
    const headers = [
      "include/srtp.h",
      ...["auth", "cipher", "crypto_types"].map((h) => `crypto/include/${h}.h`),
    ];
    for (const header of headers) {
      mkdirSync(dirname(join(libsrtp, header)), { recursive: true });
      writeFileSync(join(libsrtp, header), header);
    }
    const source = join(folder, "source");
    prepareSource(source, libsrtp);
    const standIn = standInFor(source, "libsrtp3");
    expect(readFileSync(join(standIn, "include/srtp2/cipher.h"), "utf8")).to.equal("crypto/include/cipher.h");
    expect(existsSync(join(standIn, "include/srtp.h"))).to.equal(true);
    expect(existsSync(join(source, "subprojects/libsrtp2/include/srtp.h"))).to.equal(true);
  });

  it("finds in the installed mediasoup all that it replaces and changes", () => {
    const source = join(folder, "source");
    prepareSource(source);
    expect(readFileSync(join(source, "src/RTC/DtlsTransport.cpp"), "utf8")).to.include(
      "(operationType & BIO_CB_RETURN) ?",
    );
    expect(existsSync(join(standInFor(source, "libuv"), "meson.build"))).to.equal(true);
    expect(existsSync(join(source, "subprojects/libsrtp2"))).to.equal(false);
  });

  /** The folder that the worker's build takes a library from. */
  function standInFor(source: string, library: string): string {
    const wrap = readFileSync(join(source, `subprojects/${library}.wrap`), "utf8");
    return join(source, "subprojects", /^directory *= *(.+)$/m.exec(wrap)?.[1] ?? "missing");
  }
});
