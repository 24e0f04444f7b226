// Bundles the extension into one file that runs in Node and in browsers, and the tests into build/test.
import { readdirSync, rmSync } from "node:fs";
import { build } from "esbuild";

const common = { bundle: true, target: "es2022", logLevel: "warning" };
const tests = (folder) =>
  readdirSync(`test/${folder}`)
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `test/${folder}/${name}`);

rmSync("dist", { recursive: true, force: true });
rmSync("build/test", { recursive: true, force: true });
await build({
  ...common,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  format: "cjs",
  // Nothing of Node is used, so that the same file serves the desktop and the web; `browser` would refuse it if it were.
  platform: "browser",
  external: ["vscode"],
  minify: true,
  legalComments: "none",
});
await build({
  ...common,
  entryPoints: [...tests("unit"), ...tests("integration")],
  outdir: "build/test",
  outbase: "test",
  format: "cjs",
  platform: "node",
  sourcemap: "inline",
});
await build({
  ...common,
  entryPoints: ["test/web/extension.ts"],
  outfile: "build/test/web/extension.js",
  format: "cjs",
  platform: "browser",
  external: ["vscode"],
});
