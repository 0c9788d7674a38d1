/** How the executor and its tests are bundled: one file, today's JavaScript, readable stack traces. */
export const buildOptions = {
  bundle: true,
  format: "esm",
  target: "esnext",
  platform: "neutral",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  external: ["node:*"],
};
