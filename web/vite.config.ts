import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Puts what the server's /docs needs beside the page, under names that stay the same. */
function swaggerUi(): Plugin {
  const folder = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  return {
    name: "palmetto-swagger-ui",
    apply: "build",
    generateBundle() {
      for (const name of ["swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css", "LICENSE"]) {
        this.emitFile({
          type: "asset",
          fileName: `assets/swagger-ui/${name}`,
          source: readFileSync(join(folder, name), "utf8").replace(/\n\/[/*][#] sourceMappingURL=.*$/m, ""),
        });
      }
    },
  };
}

export default defineConfig({
  // Relative: the page works below any path of a proxy too.
  base: "./",
  plugins: [swaggerUi()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: process.env["PALMETTO_WEB_OUT"] ?? "../services/prover/server/static",
    emptyOutDir: true,
    target: "es2022",
    // The page's policy lets no font come from a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  // `npm run dev` beside a running prover: PALMETTO_PROVER=http://127.0.0.1:8080
  server: {
    proxy: Object.fromEntries(
      ["/v1", "/experiments"].map((path) => [path, process.env["PALMETTO_PROVER"] ?? "http://127.0.0.1:8080"]),
    ),
  },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
