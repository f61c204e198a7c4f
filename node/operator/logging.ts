/**
 * Members that never reach the log, wherever an object that holds them is logged: keys, passwords, and signatures that
 * could be replayed. pino's wildcards stand for one level each.
 */
const SECRET_MEMBERS = [
  ...["privateKey", "password", "mnemonic", "secret", "icePassword", "authorization"],
  ...["grantSignature", "joinSignature"],
];

export const REDACTED_PATHS: readonly string[] = SECRET_MEMBERS.flatMap((member) => [
  member,
  `*.${member}`,
  `*.*.${member}`,
  `*.*.*.${member}`,
]);
