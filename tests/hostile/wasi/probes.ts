// A WASI command of many attacks; its first argument says which. tests/hostile/manifest.json says what each must come
// to.

import { programArguments } from "../../../samples/wasi";
import * as files from "./files";
import * as surroundings from "./surroundings";
import { callAbsurdly, functionCount } from "./pointers";
import { giveUp, say } from "./output";

/** Calls one function, or all one after another, with values that make no sense. */
function probePointers(list: string[]): void {
  const pointers: StaticArray<i32> = [-1, i32.MIN_VALUE, i32.MAX_VALUE, 0, 0x7fff0000];
  const words: StaticArray<i64> = [-1, i64.MIN_VALUE, i64.MAX_VALUE, 0];
  const descriptors: StaticArray<i32> = [3, 1, -1, i32.MIN_VALUE, 0];
  const which = I32.parseInt(list[2]);
  const round = I32.parseInt(list[3]);
  if (which >= functionCount) giveUp("there is no such function");
  callAbsurdly(which, pointers[round % 5], words[round % 4], descriptors[round % 5]);
  say("answered\n");
}

export function _start(): void {
  const list = programArguments();
  const name = list.length > 1 ? list[1] : "";
  if (name == "pointers") probePointers(list);
  else if (name == "flood-standard-output") files.floodStandardOutput();
  else if (name == "flood-standard-error") files.floodStandardError();
  else if (name == "flood-file") files.floodFile();
  else if (name == "flood-names") files.floodNames();
  else if (name == "flood-descriptors") files.floodDescriptors();
  else if (name == "flood-links") files.floodLinks();
  else if (name == "nest-folders") files.nestFolders();
  else if (name == "claim-space") files.claimSpace();
  else if (name == "claim-some-space") files.claimSomeSpace();
  else if (name == "absurd-vectors") files.writeAbsurdVectors();
  else if (name == "empty-vectors") files.writeEmptyVectors();
  else if (name == "escape") files.escape();
  else if (name == "spoil-input") files.spoilInput();
  else if (name == "close-everything") files.closeEverything();
  else if (name == "environment") surroundings.printEnvironment();
  else if (name == "clocks") surroundings.printClocks();
  else if (name == "random") surroundings.printRandom();
  else if (name == "drain-random") surroundings.drainRandom();
  else if (name == "sockets") surroundings.useSockets();
  else if (name == "sleep") surroundings.sleepLong();
  else if (name == "poll-many") surroundings.pollMany();
  else if (name == "yield") surroundings.yieldForever();
  else if (name == "signals") surroundings.raiseSignals();
  else if (name == "exit-code") surroundings.exitWithCode();
  else if (name == "exit-well") surroundings.exitWell();
  else if (name == "exit-large") surroundings.exitWithLargeCode();
  else if (name == "arguments") surroundings.printArguments(list);
  else if (name == "hoard") surroundings.hoard();
  else giveUp("there is no attack called " + name);
}
