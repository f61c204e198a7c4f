import { expect } from "chai";

import { decideAptAccess } from "../../scripts/setup/apt.mjs";
import { mayInstallChromium } from "../../scripts/setup/chromium.mjs";

describe("setup: Debian packages", () => {
  const fail = () => {
    throw new Error("must not be asked");
  };
  const system = { hasApt: true, userId: 1000, sudoWorks: () => false, forbidden: false };

  it("are installed by root, or through a sudo that asks no password", () => {
    expect(decideAptAccess({ ...system, userId: 0, sudoWorks: fail })).to.equal("root");
    expect(decideAptAccess({ ...system, sudoWorks: () => true })).to.equal("sudo");
    expect(decideAptAccess(system)).to.equal("none");
  });

  it("are left alone where there is no apt, or where the user says so", () => {
    expect(decideAptAccess({ ...system, userId: 0, hasApt: false, sudoWorks: fail })).to.equal("none");
    expect(decideAptAccess({ ...system, userId: 0, forbidden: true, sudoWorks: fail })).to.equal("none");
  });

  it("include a browser only for root, or on a CI machine", () => {
    expect(mayInstallChromium("root", false)).to.equal(true);
    expect(mayInstallChromium("sudo", true)).to.equal(true);
    expect(mayInstallChromium("sudo", false)).to.equal(false);
    expect(mayInstallChromium("none", true)).to.equal(false);
  });
});
