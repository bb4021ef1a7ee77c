// Keeps a sum of any size. The arithmetic happens in the VM, on big integers; the contract moves handles.
import {
  BigInt,
  bigIntAdd,
  bigIntFinishUnsigned,
  bigIntGetUnsignedArgument,
  bigIntNew,
  bigIntStorageLoadUnsigned,
  bigIntStorageStoreUnsigned,
  checkNoPayment,
  getNumArguments,
  signalError,
} from "../include/arwen";

// Bytes in the data segment: no string object and so no allocator in the module.
const SUM_KEY = memory.data<u8>([0x73, 0x75, 0x6d]); // "sum"
const SUM_KEY_LENGTH: i32 = 3;
const ONE_NUMBER = memory.data<u8>([
  // "one argument: a number"
  0x6f, 0x6e, 0x65, 0x20, 0x61, 0x72, 0x67, 0x75, 0x6d, 0x65, 0x6e, 0x74, 0x3a, 0x20, 0x61, 0x20, 0x6e, 0x75, 0x6d,
  0x62, 0x65, 0x72,
]);
const ONE_NUMBER_LENGTH: i32 = 22;

function loadSum(): BigInt {
  const sum = bigIntNew(0);
  bigIntStorageLoadUnsigned(SUM_KEY, SUM_KEY_LENGTH, sum);
  return sum;
}

function numberArgument(): BigInt {
  checkNoPayment();
  if (getNumArguments() != 1) {
    signalError(ONE_NUMBER, ONE_NUMBER_LENGTH); // does not return
  }
  const number = bigIntNew(0);
  bigIntGetUnsignedArgument(0, number);
  return number;
}

// init(start)
export function init(): void {
  bigIntStorageStoreUnsigned(SUM_KEY, SUM_KEY_LENGTH, numberArgument());
}

// add(number)
export function add(): void {
  const number = numberArgument();
  const sum = loadSum();
  bigIntAdd(sum, sum, number);
  bigIntStorageStoreUnsigned(SUM_KEY, SUM_KEY_LENGTH, sum);
}

// sum() -> number
export function sum(): void {
  bigIntFinishUnsigned(loadSum());
}
