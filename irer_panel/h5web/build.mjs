// Bundles H5Web into dist/: `npm install --no-package-lock && npm run build`.
import { build } from "esbuild";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const { metafile } = await build({
  entryPoints: ["main.jsx"],
  outfile: "dist/h5web.js",
  bundle: true,
  minify: true,
  format: "esm",
  jsx: "automatic",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
  legalComments: "none",
  metafile: true,
});

// The licence of everything whose code is in the bundle, as its package has it.
const folders = new Set();
for (const { inputs } of Object.values(metafile.outputs)) {
  for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
    const found = path.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/);
    if (found && bytesInOutput) folders.add(found[0]);
  }
}
const texts = [...folders].map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(`${folder}/${file}`, "utf8").trim() : "(no text in its package)";
  return `${name} ${version}: ${license}\n\n${text}\n`;
});
writeFileSync("dist/LICENSES.txt", texts.sort().join(`\n${"-".repeat(80)}\n\n`));
