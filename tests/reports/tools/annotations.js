// Reads workflow commands as the runner does (actions/runner, ActionCommand.cs), and has GitHub's toolkit write them.
import { readFileSync } from "node:fs";
import { issueCommand } from "./node_modules/@actions/core/lib/command.js";

const data = (text) => text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
const property = (text) => data(text.replaceAll("%3A", ":").replaceAll("%2C", ","));

for (const line of readFileSync(0, "utf8").split("\n").filter((line) => line !== "")) {
  const [, command, properties, message] = /^::([a-z]+) (.*?)::(.*)$/u.exec(line);
  const pairs = properties.split(",").map((pair) => /^([a-z]+)=(.*)$/u.exec(pair).slice(1));
  const read = pairs.map(([name, value]) => [name, property(value)]);
  issueCommand(command, Object.fromEntries(read), data(message));
}
