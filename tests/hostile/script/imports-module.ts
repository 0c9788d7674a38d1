// Imports what a script may not import.
import { readFileSync } from "node:fs";

export default () => readFileSync("/etc/passwd", "utf8");
