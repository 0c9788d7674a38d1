import { build } from "esbuild";
import path from "node:path";

/** `import text from "realm:FILE"` gives FILE, bundled, as the text of a script that defines `realm`. */
const realmText = {
  name: "realm",
  setup(builder) {
    builder.onResolve({ filter: /^realm:/ }, ({ path: name, resolveDir }) => ({
      path: path.resolve(resolveDir, name.slice("realm:".length)),
      namespace: "realm",
    }));
    builder.onLoad({ filter: /./, namespace: "realm" }, async ({ path: file }) => {
      const result = await build({
        entryPoints: [file],
        bundle: true,
        write: false,
        format: "iife",
        globalName: "realm",
        target: "esnext",
        charset: "utf8",
        minifyWhitespace: true,
      });
      return { contents: result.outputFiles[0].text, loader: "text", watchFiles: [file] };
    });
  },
};

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
  plugins: [realmText],
};
