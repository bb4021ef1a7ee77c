//! The fault matrix: what goes wrong, and what is seen of it. The tests run the rows, and `docs/ipc.md` prints them.

/// Something a faulty child does when it is asked for a call. Numbers in frames are as they travel.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// Sends a well-formed reply to the call.
    Reply,
    /// Sends a reply to a version question.
    ReplyVersion,
    /// Sends a well-formed reply with this number; 2 is due.
    ReplyNumbered(u32),
    /// Asks the node a question and takes the answer.
    Ask,
    /// Asks a question of this kind, and no more.
    AskOf(u32),
    /// Asks the node questions without end.
    AskForEver,
    /// Sends a request, as if it were the node.
    Request,
    /// Sends a frame: promised length, kind, payload.
    Frame(u32, u32, &'static [u8]),
    /// Sends these bytes.
    Bytes(&'static [u8]),
    /// Dies after so many of the bytes that it sends from now on.
    CutAfter(usize),
    /// Closes the pipe of replies.
    CloseReplies,
    /// Writes this much to stdout, stderr and the log pipe each, in bytes.
    Chatter(usize),
    /// Sends a log frame: promised length, payload.
    Log(u32, &'static [u8]),
    /// Ends with this exit code.
    Exit(i32),
    /// Waits this long, in milliseconds.
    Wait(u64),
    /// Reads nothing, and writes nothing.
    Hang,
}
use Step::*;

/// What a row is about, seen from the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The child goes on.
    SameChild,
    /// The child is gone; the next operation starts another one.
    NextChild,
}
use After::*;

/// A fault of the child, under this project's driver.
#[derive(Clone, Copy, Debug)]
pub struct ChildFault {
    /// What it does instead of replying to a call, in words.
    pub fault: &'static str,
    /// The same, step by step.
    pub steps: &'static [Step],
    /// The error of the call, as the node sees it; the beginning when it ends in `…`, and empty when the call succeeds.
    pub error: &'static str,
    /// Who serves the next call.
    pub after: After,
}

/// How long a call may take where the fault is that it takes for ever, in milliseconds.
pub const SHORT: u64 = 300;

const fn row(fault: &'static str, steps: &'static [Step], error: &'static str, after: After) -> ChildFault {
    ChildFault {
        fault,
        steps,
        error,
        after,
    }
}

const VERSION: &[u8] = br#"{"DialogueNonce":2,"Kind":60,"ErrorMessage":""}"#;

/// Faults of the child. Every row is run in every encoding.
#[rustfmt::skip]
pub const CHILD_FAULTS: &[ChildFault] = &[
    row("no fault", &[Ask, Reply], "", SameChild),
    row("closes its end of the reply pipe and lives on", &[CloseReplies, Hang], "critical error: arwen closed: signal: 9 (SIGKILL)", NextChild),
    row("closes its end of the reply pipe and exits too late", &[CloseReplies, Wait(4 * SHORT), Exit(7)], "critical error: arwen closed: signal: 9 (SIGKILL)", NextChild),
    row("exits", &[Exit(7)], "critical error: arwen closed: exit status: 7", NextChild),
    row("exits after a question", &[Ask, Exit(7)], "critical error: arwen closed: exit status: 7", NextChild),
    row("says nothing", &[Hang], "critical error: arwen time expired", NextChild),
    row("asks, and then says nothing", &[Ask, Hang], "critical error: arwen time expired", NextChild),
    row("asks for ever", &[AskForEver], "critical error: arwen time expired", NextChild),
    row("replies too late", &[Wait(10 * SHORT), Reply], "critical error: arwen time expired", NextChild),
    row("half a header, and nothing more", &[Bytes(b"\x28\0\0\0"), Hang], "critical error: arwen time expired", NextChild),
    row("a frame that is longer than the limit", &[Frame(u32::MAX, 5, b"")], "critical error: bad message from arwen: frame of 4294967295 bytes, at most 268435456 are accepted", NextChild),
    row("a frame that promises 256 MiB and brings nothing", &[Frame(256 << 20, 5, b""), Hang], "critical error: arwen time expired", NextChild),
    row("an unknown kind", &[Frame(2, 99, b"{}")], "critical error: bad message from arwen: unknown message kind 99", NextChild),
    row("a kind that is no message", &[Frame(2, 73, b"{}")], "critical error: bad message from arwen: unknown message kind 73", NextChild),
    row("a frame of one kind around a message of another", &[Frame(47, 34, VERSION)], "critical error: bad message from arwen: …", NextChild),
    row("a payload that is none", &[Frame(3, 5, b"\xff{]")], "critical error: bad message from arwen: cannot decode…", NextChild),
    row("an empty payload", &[Frame(0, 5, b"")], "critical error: bad message from arwen: cannot decode…", NextChild),
    row("a reply with the number of the request", &[ReplyNumbered(1)], "critical error: bad message from arwen: critical error: invalid dialogue nonce", NextChild),
    row("a reply with a later number", &[ReplyNumbered(4)], "critical error: bad message from arwen: critical error: invalid dialogue nonce", NextChild),
    row("another message after the reply", &[Reply, Request], "", NextChild),
    row("a reply to another request", &[ReplyVersion], "critical error: bad message from arwen: VersionResponse (61)", NextChild),
    row("a request, as if it were the node", &[Request], "critical error: bad message from arwen: ContractDeployRequest (3)", NextChild),
    row("asks what only a node that computes built-in functions answers: forget compiled code", &[AskOf(62)], "critical error: bad message from arwen: BlockchainClearCompiledCodesRequest (62)", NextChild),
    row("the same: mark the state", &[AskOf(64)], "critical error: bad message from arwen: BlockchainGetSnapshotRequest (64)", NextChild),
    row("the same: is there a hook", &[AskOf(66)], "critical error: bad message from arwen: BlockchainIsInterfaceNilRequest (66)", NextChild),
    row("the same: return to a mark", &[AskOf(68)], "critical error: bad message from arwen: BlockchainRevertToSnapshotRequest (68)", NextChild),
    row("the same: run a built-in function", &[AskOf(70)], "critical error: bad message from arwen: BlockchainProcessBuiltInFunctionRequest (70)", NextChild),
    row("an answer, as if it had been asked", &[AskOf(65)], "critical error: bad message from arwen: BlockchainGetSnapshotResponse (65)", NextChild),
    row("the message that answers what cannot be answered", &[AskOf(72)], "critical error: bad message from arwen: UndefinedRequestOrResponse (72)", NextChild),
    row("the reply twice", &[Reply, Reply], "", NextChild),
    row("a second reply that would fit the next call", &[Reply, ReplyNumbered(2)], "", NextChild),
    row("replies and exits", &[Reply, Exit(7)], "", NextChild),
    row("a megabyte on stdout, stderr and the log pipe", &[Chatter(1 << 20), Reply], "", SameChild),
    row("a log line that is none", &[Log(3, b"{]\n"), Reply], "", SameChild),
    row("a log line that is longer than the limit", &[Log(u32::MAX, b""), Reply], "", SameChild),
];

/// Something a faulty node does to a child that waits for a request.
#[derive(Clone, Copy, Debug)]
pub enum NodeStep {
    /// Sends a frame: promised length, kind, payload.
    Send(u32, u32, &'static [u8]),
    /// Sends the bytes of a frame of a version question, up to here.
    Part(usize),
    /// Sends `[` so many times, in a frame of a request.
    Brackets(u32),
    /// Asks for the version, with this number.
    Version(u32),
    /// Asks for a call of a contract that asks a question, and reads the question.
    Call,
    /// Answers with a well-formed answer of this kind and number.
    Answer(u32, u32),
    /// Asks for a call of a contract that does not end, after this many milliseconds.
    Endless,
    /// Asks for a call with this many bytes of arguments.
    Arguments(usize),
    /// Reads a message, which must be of this kind.
    Read(u32),
    /// Makes the child write so many log lines, and reads none.
    LogLines(u32),
    /// Checks that the child has never had more than this many MiB of memory.
    PeakBelow(u64),
    /// Closes the pipe of requests.
    CloseRequests,
    /// Closes the pipe of replies.
    CloseReplies,
    /// Closes the log pipe, and the profile pipe.
    CloseLogs,
    /// Asks the child to stop.
    Stop,
}

/// A fault of the node, towards this project's child.
#[derive(Clone, Copy, Debug)]
pub struct NodeFault {
    /// What it does, in words.
    pub fault: &'static str,
    /// The same, step by step.
    pub steps: &'static [NodeStep],
    /// Exit code and last line on stderr, whose beginning it is when it ends in `…`; none when the child goes on.
    pub end: Option<(i32, &'static str)>,
}

const fn node(
    fault: &'static str,
    steps: &'static [NodeStep],
    end: Option<(i32, &'static str)>,
) -> NodeFault {
    NodeFault { fault, steps, end }
}

const VERSION_REPLY: u32 = 61;
const CONTRACT_REPLY: u32 = 5;
const EPOCH_ANSWER: u32 = 35;
const ROUND_ANSWER: u32 = 29;
const SNAPSHOT_ANSWER: u32 = 65;
const UNDEFINED: u32 = 72;
const EOF: Option<(i32, &str)> = Some((3, "Ended Arwen loop: EOF"));
const BAD_NONCE: Option<(i32, &str)> = Some((3, "Ended Arwen loop: critical error: invalid dialogue nonce"));

/// Faults of the node.
#[rustfmt::skip]
pub const NODE_FAULTS: &[NodeFault] = &[
    node("no fault", &[NodeStep::Version(1), NodeStep::Read(VERSION_REPLY)], None),
    node("closes the pipe between requests", &[NodeStep::CloseRequests], EOF),
    node("closes the pipe within a header", &[NodeStep::Part(3), NodeStep::CloseRequests], Some((3, "Ended Arwen loop: unexpected EOF"))),
    node("closes the pipe after a header", &[NodeStep::Part(8), NodeStep::CloseRequests], Some((3, "Ended Arwen loop: unexpected EOF"))),
    node("closes the pipe within a payload", &[NodeStep::Part(30), NodeStep::CloseRequests], Some((3, "Ended Arwen loop: unexpected EOF"))),
    node("closes the pipe instead of an answer", &[NodeStep::Call, NodeStep::CloseRequests], EOF),
    node("closes the pipes during an endless run", &[NodeStep::Endless, NodeStep::CloseRequests, NodeStep::CloseReplies], Some((3, "Ended Arwen loop: …"))),
    node("reads no replies any longer", &[NodeStep::CloseReplies, NodeStep::Version(1)], Some((3, "Ended Arwen loop: Broken pipe…"))),
    node("reads no log any longer", &[NodeStep::CloseLogs, NodeStep::LogLines(10), NodeStep::Version(1), NodeStep::Read(VERSION_REPLY)], None),
    node("lets the log pipe fill up", &[NodeStep::LogLines(3000), NodeStep::Version(1), NodeStep::Read(VERSION_REPLY)], None),
    node("a frame that is longer than the limit", &[NodeStep::Send(u32::MAX, 4, b"")], Some((3, "Ended Arwen loop: frame of 4294967295 bytes, at most 268435456 are accepted"))),
    node("a frame that promises 256 MiB and brings nothing", &[NodeStep::Send(256 << 20, 4, b""), NodeStep::PeakBelow(128), NodeStep::CloseRequests], Some((3, "Ended Arwen loop: unexpected EOF"))),
    node("an unknown kind", &[NodeStep::Send(2, 99, b"{}")], Some((3, "Ended Arwen loop: unknown message kind 99"))),
    node("a kind that is no message", &[NodeStep::Send(2, 73, b"{}")], Some((3, "Ended Arwen loop: unknown message kind 73"))),
    node("a frame of one kind around a message of another", &[NodeStep::Send(47, 4, br#"{"DialogueNonce":1,"Kind":60,"ErrorMessage":""}"#)], Some((3, "Ended Arwen loop: message kind 60 in a frame of kind 4"))),
    node("a payload that is none", &[NodeStep::Send(2, 60, b"{]")], Some((3, "Ended Arwen loop: cannot decode VersionRequest at byte 1: expected a key"))),
    node("an empty payload", &[NodeStep::Send(0, 60, b"")], Some((3, "Ended Arwen loop: cannot decode VersionRequest at byte 0: unexpected end of input"))),
    node("a payload of a million brackets", &[NodeStep::Brackets(1_000_000)], Some((3, "Ended Arwen loop: cannot decode…"))),
    node("a request with a wrong number", &[NodeStep::Version(2)], BAD_NONCE),
    node("a request with the number of an answer", &[NodeStep::Version(3)], BAD_NONCE),
    node("a kind that is no request", &[NodeStep::Send(47, 35, br#"{"DialogueNonce":1,"Kind":35,"ErrorMessage":""}"#), NodeStep::Read(72), NodeStep::Version(1), NodeStep::Read(VERSION_REPLY)], None),
    node("a question that only a child asks", &[NodeStep::Send(47, 64, br#"{"DialogueNonce":1,"Kind":64,"ErrorMessage":""}"#), NodeStep::Read(72), NodeStep::Version(1), NodeStep::Read(VERSION_REPLY)], None),
    node("the last kind of all", &[NodeStep::Send(47, 72, br#"{"DialogueNonce":1,"Kind":72,"ErrorMessage":""}"#), NodeStep::Read(72), NodeStep::Version(1), NodeStep::Read(VERSION_REPLY)], None),
    node("a request without an input", &[NodeStep::Send(46, 4, br#"{"DialogueNonce":1,"Kind":4,"ErrorMessage":""}"#), NodeStep::Read(CONTRACT_REPLY), NodeStep::Version(1), NodeStep::Read(VERSION_REPLY)], None),
    node("an answer to another question", &[NodeStep::Call, NodeStep::Answer(ROUND_ANSWER, 3)], None),
    node("an answer to a question that is not asked of it", &[NodeStep::Call, NodeStep::Answer(SNAPSHOT_ANSWER, 3)], None),
    node("the answer that it cannot answer", &[NodeStep::Call, NodeStep::Answer(UNDEFINED, 3)], None),
    node("an answer with a wrong number", &[NodeStep::Call, NodeStep::Answer(EPOCH_ANSWER, 9)], None),
    node("the request again instead of an answer", &[NodeStep::Call, NodeStep::Version(1)], None),
    node("64 MiB of arguments", &[NodeStep::Arguments(64 << 20), NodeStep::Version(1), NodeStep::Read(VERSION_REPLY)], None),
    node("a stop", &[NodeStep::Stop], Some((3, "Ended Arwen loop: critical error: arwen will stop, as requested"))),
];

/// A fault of the node at the start of a child.
#[derive(Clone, Copy, Debug)]
pub struct StartFault {
    /// What it does, in words.
    pub fault: &'static str,
    /// The bytes on the first pipe, which is closed then; none when the pipe is missing.
    pub bytes: Option<&'static [u8]>,
    /// Exit code and last line on stderr.
    pub end: (i32, &'static str),
}

/// Faults at the start.
#[rustfmt::skip]
pub const START_FAULTS: &[StartFault] = &[
    StartFault { fault: "no pipes", bytes: None, end: (1, "Cannot get pipe file: [arwenInitFile]") },
    StartFault { fault: "no Initialize", bytes: Some(b""), end: (2, "Cannot receive gasSchedule: EOF") },
    StartFault { fault: "half a header", bytes: Some(b"\x02\0\0\0"), end: (2, "Cannot receive gasSchedule: unexpected EOF") },
    StartFault { fault: "half a payload", bytes: Some(b"\x02\0\0\0\x01\0\0\0{"), end: (2, "Cannot receive gasSchedule: unexpected EOF") },
    StartFault { fault: "a frame that is longer than the limit", bytes: Some(b"\xff\xff\xff\xff\x01\0\0\0"), end: (2, "Cannot receive gasSchedule: frame of 4294967295 bytes, at most 268435456 are accepted") },
    StartFault { fault: "another message", bytes: Some(b"\x02\0\0\0\x3c\0\0\0{}"), end: (2, "Cannot receive gasSchedule: unknown message kind 60") },
    StartFault { fault: "a payload that is none", bytes: Some(b"\x02\0\0\0\x01\0\0\0{]"), end: (2, "Cannot receive gasSchedule: cannot decode Initialize at byte 1: expected a key") },
    StartFault { fault: "no prices", bytes: Some(b"\x02\0\0\0\x01\0\0\0{}"), end: (2, "Cannot create ArwenPart: …") },
];
