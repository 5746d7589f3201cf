// Draws a badge as shields.io does, with what an endpoint says of it.
import { readFileSync } from "node:fs";
import { makeBadge } from "badge-maker";

const { schemaVersion, isError, ...badge } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(makeBadge(badge));
