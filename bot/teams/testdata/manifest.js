// The schemas that Microsoft publishes, on manifests. Each is read from standard
// input under a name; what is wrong with it is written as {"name": ["…"]}.
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const home = path.join(process.env.NODE_PATH, "@microsoft/app-manifest");
const theirs = createRequire(path.join(home, "package.json")); // what Microsoft's package itself validates with
const Ajv = theirs("ajv-draft-04");
const formats = theirs("ajv-formats");

const results = {};
for (const [name, manifest] of Object.entries(JSON.parse(fs.readFileSync(0, "utf8")))) {
  const file = path.join(home, "build/json-schemas/teams", `v${manifest.manifestVersion}`, "MicrosoftTeams.schema.json");
  const ajv = new (Ajv.default || Ajv)({ strict: false, allErrors: true });
  (formats.default || formats)(ajv, ["uri", "email", "regex"]);
  const validate = ajv.compile(JSON.parse(fs.readFileSync(file, "utf8").replace(/^\uFEFF/, "")));
  validate(manifest);
  results[name] = (validate.errors || []).map((e) => `${e.instancePath} ${e.message}`);
}
process.stdout.write(JSON.stringify(results));
