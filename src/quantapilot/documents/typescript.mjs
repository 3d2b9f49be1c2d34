// Makes TypeScript of one JSON Schema with json-schema-to-typescript.
//
// Arguments: the folder `node_modules` to take it from, and a name for the whole, which nothing in
// the schema has. Standard input: the schema; each of its `definitions` becomes a type of that name.
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

const [folder, whole] = process.argv.slice(2);
const { compile } = createRequire(join(resolve(folder), "_"))("json-schema-to-typescript");
const made = await compile(JSON.parse(await text(process.stdin)), whole, {
  additionalProperties: false,
  bannerComment: "",
  // Nothing is fetched.
  $refOptions: { resolve: { external: false } },
  customName: (_, key) => key,
  ignoreMinAndMaxItems: true,
  style: { printWidth: 100 },
  unknownAny: true,
  unreachableDefinitions: true,
});
process.stdout.write(made);
