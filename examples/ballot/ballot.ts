// A vote on one question. Everybody has one vote, which they may move until the poll closes.
//
// Storage
//   "closes"            when the poll closes, in seconds since 1970
//   "choices"           how many choices there are
//   "choice" number     the text of a choice, counted from 1
//   "votes" number      how many votes it has
//   "voter" address     the choice somebody voted for
//
// Unlike `adder/`, this contract uses the language's own strings and arrays: they live in memory that the stub run-time
// hands out and never takes back, which is all that a short call needs.
import {
  checkNoPayment,
  finish,
  getArgument,
  getArgumentLength,
  getBlockTimestamp,
  getCaller,
  getNumArguments,
  signalError,
  smallIntFinishUnsigned,
  smallIntGetUnsignedArgument,
  smallIntStorageLoadUnsigned,
  smallIntStorageStoreUnsigned,
  storageLoad,
  storageLoadLength,
  storageStore,
  writeEventLog,
} from "../include/arwen";

const ADDRESS_LENGTH: i32 = 32;

// ---- Bytes ----

function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

function joined(text: string, bytes: Uint8Array): Uint8Array {
  const head = bytesOf(text);
  const all = new Uint8Array(head.length + bytes.length);
  all.set(head);
  all.set(bytes, head.length);
  return all;
}

function require(condition: bool, message: string): void {
  if (!condition) {
    const bytes = bytesOf(message);
    signalError(bytes.dataStart, bytes.length); // does not return
  }
}

function caller(): Uint8Array {
  const address = new Uint8Array(ADDRESS_LENGTH);
  getCaller(address.dataStart);
  return address;
}

function textArgument(id: i32): Uint8Array {
  const text = new Uint8Array(getArgumentLength(id));
  getArgument(id, text.dataStart);
  return text;
}

// ---- Storage ----

/** An entry of the contract's storage. */
class Entry {
  constructor(readonly key: Uint8Array) {}

  static named(name: string): Entry {
    return new Entry(bytesOf(name));
  }

  static of(name: string, id: Uint8Array): Entry {
    return new Entry(joined(name, id));
  }

  static numbered(name: string, id: u64): Entry {
    return Entry.named(name + id.toString());
  }

  get number(): u64 {
    return smallIntStorageLoadUnsigned(this.key.dataStart, this.key.length);
  }

  set number(value: u64) {
    smallIntStorageStoreUnsigned(this.key.dataStart, this.key.length, value);
  }

  get text(): Uint8Array {
    const text = new Uint8Array(storageLoadLength(this.key.dataStart, this.key.length));
    storageLoad(this.key.dataStart, this.key.length, text.dataStart);
    return text;
  }

  set text(value: Uint8Array) {
    storageStore(this.key.dataStart, this.key.length, value.dataStart, value.length);
  }
}

// ---- Endpoints ----

// init(closes, choice…)
export function init(): void {
  checkNoPayment();
  const count = getNumArguments() - 1;
  require(count >= 2, "when it closes, and at least two choices");
  const closes: u64 = smallIntGetUnsignedArgument(0);
  require(closes > <u64>getBlockTimestamp(), "the poll is over before it begins");
  Entry.named("closes").number = closes;
  Entry.named("choices").number = count;
  for (let id = 1; id <= count; id++) {
    Entry.numbered("choice", id).text = textArgument(id);
  }
}

// vote(choice)
export function vote(): void {
  checkNoPayment();
  require(getNumArguments() == 1, "one argument: the number of the choice");
  require(<u64>getBlockTimestamp() < Entry.named("closes").number, "the poll is closed");
  const choice: u64 = smallIntGetUnsignedArgument(0);
  require(choice >= 1 && choice <= Entry.named("choices").number, "no such choice");

  const address = caller();
  const voter = Entry.of("voter", address);
  const before = voter.number;
  if (before != 0) {
    Entry.numbered("votes", before).number -= 1;
  }
  Entry.numbered("votes", choice).number += 1;
  voter.number = choice;

  const lengths: StaticArray<i32> = [4, ADDRESS_LENGTH];
  const topics = joined("vote", address);
  const text = Entry.numbered("choice", choice).text;
  writeEventLog(2, changetype<usize>(lengths), topics.dataStart, text.dataStart, text.length);
}

// tally() -> choice, votes, choice, votes, …
export function tally(): void {
  const count = Entry.named("choices").number;
  for (let id: u64 = 1; id <= count; id++) {
    const text = Entry.numbered("choice", id).text;
    finish(text.dataStart, text.length);
    smallIntFinishUnsigned(Entry.numbered("votes", id).number);
  }
}

// winner() -> choice, once the poll is closed; the first of those with most votes
export function winner(): void {
  require(<u64>getBlockTimestamp() >= Entry.named("closes").number, "the poll is open");
  const count = Entry.named("choices").number;
  let best: u64 = 1;
  for (let id: u64 = 2; id <= count; id++) {
    if (Entry.numbered("votes", id).number > Entry.numbered("votes", best).number) {
      best = id;
    }
  }
  const text = Entry.numbered("choice", best).text;
  finish(text.dataStart, text.length);
}
