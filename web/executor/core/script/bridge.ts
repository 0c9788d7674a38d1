/**
 * The two halves of the wall between the executor and a script's realm. Only primitives cross it, and the realm's own
 * byte arrays, which the executor copies without asking them anything.
 */

/** What the executor offers to the realm's own code; scripts never see these functions. */
export interface RealmHost {
  /** A number in [0, 1) of the call's generator. */
  random(): number;
  log(text: string): void;
  /** Bytes of `text` in UTF-8, kept for one `takeEncoded`. */
  encode(text: string): number;
  takeEncoded(target: Uint8Array): void;
  /** Null where the bytes are not UTF-8 and `isFatal`. */
  decode(bytes: Uint8Array, isFatal: boolean): string | null;
  /** Bytes of an input of the call, -1 where there is none; slot 0 is the item's content or the left part. */
  inputLength(slot: number): number;
  takeInput(slot: number, target: Uint8Array): void;
  /** False where the output limit is reached: then the call has failed already. */
  writeText(text: string): boolean;
  writeBytes(bytes: Uint8Array): boolean;
  fileText(name: string, text: string): boolean;
  fileBytes(name: string, bytes: Uint8Array): boolean;
  /** The call is over: null for a good end, else what went wrong. */
  settle(failure: string | null): void;
}

/** What the realm's own code offers to the executor. */
export interface RealmBridge {
  /** Takes the script's exports; answers with what is wrong with them, or null. */
  start(exports: unknown, parametersText: string): string | null;
  readonly hasMerge: () => boolean;
  call(index: number, begin: number, end: number, inputName: string | null, argumentsText: string): void;
  merge(): void;
  /** A script's error in one line, with its place in the source. */
  describe(error: unknown): string;
}

export type InstallRealm = (host: RealmHost, scriptName: string) => RealmBridge;
