//! Messages through memory that a driver shares with its child, while both are awake.
//!
//! A message through a pipe takes a system call on either side. A side that waits for a message looks for it for a while
//! before it sleeps (see [`patience`](crate::patience)), and as long as it looks, the message can be put where it looks.
//! Each side has a box that it reads and the other one fills:
//!
//! - Before a side sends a message that it wants an answer to, it says in its own box that it will be looking.
//! - Who sends a message puts it into the other side's box if that side is looking, all of it at once. If it is not, or
//!   the message is too long, the message takes the pipe, as ever; who is looking is told to look there.
//! - Who has looked long enough says so before it sleeps on the pipe.
//!
//! A dialogue is strictly one message after the other, so no message overtakes another one. Nothing here is trusted: a
//! message is copied before it is read, a length is bounded, and who looks does so for a limited time whatever the box
//! says. The memory is sealed, so that nobody can take it away.

#![allow(unsafe_code)]

use std::fs::File;
use std::hint::spin_loop;
use std::io;
use std::iter::zip;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Instant;

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create};

use crate::binary;
use crate::patience::{PATIENCE, Patience};

/// The longest frame that goes through a box, in bytes. Longer ones take more time than a system call anyway.
pub const LONGEST: usize = 32 << 10;

/// The words of a cache line: what different sides write stands in different lines.
const LINE: usize = 8;

/// Which tables the driver has; see [`fingerprint`](binary::fingerprint).
const TABLES: usize = 0;
/// Not 0 when there is a child at the other end that knows of this.
const PRESENT: usize = LINE;
/// Not 0 when driver and child have agreed to use it.
const ON: usize = 2 * LINE;
/// How often the child has said something beside its messages.
const SAID: usize = 3 * LINE;
/// The state of the box that the child reads; its words follow in the next line.
const CHILD: usize = 4 * LINE;
/// The same for the node.
const NODE: usize = CHILD + LINE + LONGEST / 8;
/// All of it, in words.
const WORDS: usize = NODE + LINE + LONGEST / 8;

/// States of a box: its reader does not look,
const AWAY: u64 = 0;
/// it looks,
const LOOKS: u64 = 1;
/// it is to look at the pipe,
const PIPE: u64 = 2;
/// or there is a message, as long as the state is above this.
const FULL: u64 = 3;

/// How often a look is taken for each look at the clock.
const TURNS: u32 = 4;

/// Nobody can change these of the memory, not even whoever shares it.
const SEALS: SealFlags = SealFlags::SEAL.union(SealFlags::SHRINK).union(SealFlags::GROW);

/// The shared memory.
#[derive(Clone, Debug)]
struct Memory(Arc<MmapRaw>);

impl Memory {
    /// All words, which the other side may change at any time.
    fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping begins at a page, is as long as this, and lives as long as `self`. It is of memory that is
        // sealed at this length, so that every word stays there. What another process writes meanwhile are whole words
        // or parts of them, and nothing in this process touches them but by atomic operations.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast::<AtomicU64>(), WORDS) }
    }
}

/// Tells the driver that the child has said something beside its messages.
#[derive(Clone, Debug)]
pub struct Teller(Memory);

impl Teller {
    /// Something is in another pipe now.
    pub fn tell(&self) {
        if let Some(said) = self.0.words().get(SAID) {
            said.fetch_add(1, Release);
        }
    }
}

/// What has come from the other side and was not taken yet.
#[derive(Debug, Default)]
pub struct Inbox {
    bytes: Box<[u8]>,
    waiting: Range<usize>,
}

impl Inbox {
    /// One that holds up to so many bytes, at least [`LONGEST`].
    pub fn new(capacity: usize) -> Self {
        Self {
            bytes: vec![0; capacity.max(LONGEST)].into(),
            waiting: 0..0,
        }
    }

    /// Whether all that came was taken.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Reads what waits. When nothing does, `receive` writes what comes next and says how much that is: into the inbox,
    /// or straight into a `buffer` that holds as much. Only the rest of a long message is asked for in this way, and it
    /// takes the pipe, which `receive` is told.
    ///
    /// # Errors
    /// Those of `receive`.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
        receive: impl FnOnce(&mut [u8], bool) -> io::Result<usize>,
    ) -> io::Result<usize> {
        if self.waiting.is_empty() {
            if buffer.len() >= self.bytes.len() {
                return receive(buffer, true);
            }
            self.waiting = 0..receive(&mut self.bytes, false)?;
        }
        let count = buffer.len().min(self.waiting.len());
        let from = self.waiting.start..self.waiting.start + count;
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), self.bytes.get(from)) {
            to.copy_from_slice(from);
        }
        self.waiting.start += count;
        Ok(count)
    }
}

/// One side of the shared memory.
#[derive(Debug)]
pub struct Mailbox {
    memory: Memory,
    /// How often the child had said something when the node last asked.
    heard: u64,
    /// The box that this side reads.
    own: usize,
    /// The box that the other side reads.
    other: usize,
    patience: Patience,
    /// Whether this side has said that it looks.
    looks: bool,
    /// Whether a message that takes the pipe is not written to its end.
    within: bool,
}

impl Mailbox {
    /// The driver's side, and what the child is to inherit.
    ///
    /// # Errors
    /// The kernel is older than 3.17, or refuses the memory.
    pub fn create() -> io::Result<(Self, File)> {
        let file = File::from(memfd_create(
            "mailbox",
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        )?);
        ftruncate(&file, (8 * WORDS) as u64)?;
        fcntl_add_seals(&file, SEALS)?;
        let mailbox = Self::map(&file, NODE, CHILD)?;
        mailbox.word(TABLES).store(binary::fingerprint(), Relaxed);
        Ok((mailbox, file))
    }

    /// The child's side, if that is what `file` is and both have the same tables.
    pub fn open(file: &File) -> Option<Self> {
        let is_sealed = fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS));
        let is_whole = fstat(file).is_ok_and(|stat| usize::try_from(stat.st_size) == Ok(8 * WORDS));
        if !(is_sealed && is_whole) {
            return None;
        }
        let mailbox = Self::map(file, CHILD, NODE).ok()?;
        if mailbox.word(TABLES).load(Relaxed) != binary::fingerprint() {
            return None;
        }
        mailbox.word(PRESENT).store(1, Release);
        Some(mailbox)
    }

    fn map(file: &File, own: usize, other: usize) -> io::Result<Self> {
        Ok(Self {
            memory: Memory(Arc::new(MmapOptions::new().len(8 * WORDS).map_raw(file)?)),
            heard: 0,
            own,
            other,
            patience: Patience::default(),
            looks: false,
            within: false,
        })
    }

    fn words(&self) -> &[AtomicU64] {
        self.memory.words()
    }

    /// The child's side: what tells the driver that there is something to read in other pipes.
    pub fn teller(&self) -> Teller {
        Teller(self.memory.clone())
    }

    /// The driver's side: whether the child may have said something in other pipes since the last time.
    pub fn hears(&mut self) -> bool {
        let said = self.word(SAID).load(Acquire);
        std::mem::replace(&mut self.heard, said) != said
    }

    fn word(&self, at: usize) -> &AtomicU64 {
        &self.words()[at]
    }

    /// The words of the message in a box.
    fn message(&self, state: usize) -> &[AtomicU64] {
        &self.words()[state + LINE..state + LINE + LONGEST / 8]
    }

    /// The driver's side: from now on messages may go this way, unless there is no child that knows of it.
    pub fn switch_on(&self) {
        let present = self.word(PRESENT).load(Acquire);
        self.word(ON).store(present, Release);
    }

    /// Whether messages may go this way.
    pub fn is_on(&self) -> bool {
        self.word(ON).load(Acquire) != 0
    }

    /// Sends a frame that wants an answer, if it can go this way: if not it must be written to the pipe, and
    /// [`written`](Self::written) told how much of it was.
    pub fn send(&mut self, frame: &[u8]) -> bool {
        if self.within || !self.is_on() {
            return false;
        }
        self.looks = self.patience.looks();
        if self.looks {
            self.word(self.own).store(LOOKS, Release);
        }
        let state = self.word(self.other);
        if state.load(Acquire) != LOOKS {
            return false;
        }
        let fits = frame.len() <= LONGEST;
        if fits {
            copy_in(self.message(self.other), frame);
        }
        let news = if fits { FULL + frame.len() as u64 } else { PIPE };
        // If this fails, the reader has gone to sleep on the pipe.
        state.compare_exchange(LOOKS, news, Release, Relaxed).is_ok() && fits
    }

    /// `done` of the `all` bytes that were to be written to the pipe were.
    pub fn written(&mut self, done: usize, all: usize) {
        self.within = done < all;
    }

    /// Looks for the answer to what was sent and writes it to `inbox`, at least [`LONGEST`] bytes. Returns its length, or
    /// `None` when it is time to sleep on the pipe.
    pub fn look(&mut self, inbox: &mut [u8]) -> Option<usize> {
        if !std::mem::take(&mut self.looks) {
            return None;
        }
        let mut since = None;
        loop {
            let state = self.word(self.own);
            match state.load(Acquire) {
                LOOKS => {
                    if since.get_or_insert_with(Instant::now).elapsed() >= PATIENCE
                        && state.compare_exchange(LOOKS, AWAY, Relaxed, Relaxed).is_ok()
                    {
                        self.patience.learn(false);
                        return None;
                    }
                    for _ in 0..TURNS {
                        spin_loop();
                        if state.load(Relaxed) != LOOKS {
                            break;
                        }
                    }
                }
                news => {
                    let length = usize::try_from(news.saturating_sub(FULL))
                        .unwrap_or(LONGEST)
                        .min(LONGEST);
                    let length = copy_out(self.message(self.own), inbox.get_mut(..length)?);
                    state.store(AWAY, Release);
                    // What was there at once says nothing about looking.
                    if since.is_some() {
                        self.patience.learn(true);
                    }
                    return (length > 0).then_some(length);
                }
            }
        }
    }
}

fn copy_in(words: &[AtomicU64], bytes: &[u8]) {
    let (whole, rest) = bytes.as_chunks::<8>();
    for (word, bytes) in zip(words, whole) {
        word.store(u64::from_le_bytes(*bytes), Relaxed);
    }
    if let Some(word) = words.get(whole.len()) {
        let mut last = [0; 8];
        zip(&mut last, rest).for_each(|(to, byte)| *to = *byte);
        word.store(u64::from_le_bytes(last), Relaxed);
    }
}

/// Returns how many bytes there were.
fn copy_out(words: &[AtomicU64], bytes: &mut [u8]) -> usize {
    for (word, bytes) in zip(words, bytes.chunks_mut(8)) {
        let word = word.load(Relaxed).to_le_bytes();
        zip(bytes, word).for_each(|(to, byte)| *to = byte);
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn pair() -> (Mailbox, Mailbox) {
        let (node, file) = Mailbox::create().unwrap();
        let child = Mailbox::open(&file).unwrap();
        node.switch_on();
        assert!(node.is_on() && child.is_on());
        (node, child)
    }

    /// As if looking were always worth it.
    fn patient(mailbox: &mut Mailbox) {
        mailbox.patience = Patience::always();
    }

    #[test]
    fn a_message_goes_to_who_looks_and_to_nobody_else() {
        let (mut node, mut child) = pair();
        patient(&mut node);
        patient(&mut child);
        let mut inbox = vec![0; LONGEST];
        // The child has not said that it looks.
        assert!(!node.send(b"request"));
        assert!(child.send(b"question"));
        assert_eq!(node.look(&mut inbox), Some(8));
        assert_eq!(&inbox[..8], b"question");
        // Nobody sends: the pipe is next.
        assert!(!child.send(b"another"));
        assert_eq!(child.look(&mut inbox), None);
        assert!(!node.send(b"answer"));
        // Who did not say that it looks does not.
        assert_eq!(child.look(&mut inbox), None);
    }

    #[test]
    fn frames_of_every_length_arrive_whole() {
        let (mut node, mut child) = pair();
        patient(&mut node);
        patient(&mut child);
        let mut inbox = vec![0; LONGEST];
        for length in (1..40).chain([LONGEST - 1, LONGEST]) {
            let frame: Vec<u8> = (0..length).map(|at| at as u8 ^ length as u8).collect();
            node.send(b"x");
            assert!(child.send(&frame));
            assert_eq!(node.look(&mut inbox), Some(length));
            assert_eq!(inbox[..length], frame);
        }
        // One that is too long sends the reader to the pipe at once.
        node.send(b"x");
        assert!(!child.send(&vec![0; LONGEST + 1]));
        assert_eq!(node.word(NODE).load(Relaxed), PIPE);
        assert_eq!(node.look(&mut inbox), None);
        // What follows of a frame in the pipe stays there.
        node.send(b"x");
        child.written(1, 2);
        assert!(!child.send(b"rest"));
        child.written(4, 4);
        assert!(child.send(b"next"));
    }

    #[test]
    fn an_inbox_gives_what_came_in_parts_and_leaves_the_rest_of_a_long_message_alone() {
        let mut inbox = Inbox::new(0);
        let fill = |to: &mut [u8], byte: u8, count: usize| {
            to[..count].fill(byte);
            Ok(count)
        };
        let mut long = vec![0; LONGEST];
        // What is received, of which kind, and how much of it is taken at a time.
        for (count, buffer, is_rest, taken) in [
            (5, 3, false, vec![3, 2]),
            (LONGEST, LONGEST - 1, false, vec![LONGEST - 1, 1]),
            (7, LONGEST, true, vec![7]),
            (0, 4, false, vec![0]),
        ] {
            let byte = count as u8 | 1;
            for (at, part) in taken.iter().enumerate() {
                let buffer = &mut long[..buffer];
                let read = inbox.read(buffer, |to, rest| {
                    assert_eq!((at, rest), (0, is_rest), "only when nothing waits");
                    fill(to, byte, count)
                });
                assert_eq!(read.unwrap(), *part);
                assert!(buffer[..*part].iter().all(|got| *got == byte));
            }
            assert!(inbox.is_empty());
        }
        let failed = inbox.read(&mut [0], |_, _| Err(io::ErrorKind::BrokenPipe.into()));
        assert_eq!(failed.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn two_sides_find_each_other_and_lose_nothing() {
        const ROUNDS: u32 = 2_000;
        let (mut node, mut child) = pair();
        let (pipe, writer) = io::pipe().unwrap();
        let (back, answers) = io::pipe().unwrap();
        let exchange =
            |mailbox: &mut Mailbox, reader: &io::PipeReader, writer: &io::PipeWriter, starts: bool| {
                use std::io::{Read, Write};
                let (mut reader, mut writer) = (reader, writer);
                let mut inbox = vec![0; LONGEST];
                let mut through_memory = 0;
                for round in 0..ROUNDS {
                    let mut send = |mailbox: &mut Mailbox| {
                        if !mailbox.send(&round.to_le_bytes()) {
                            writer.write_all(&round.to_le_bytes()).unwrap();
                        }
                    };
                    if starts {
                        send(mailbox);
                    }
                    let came = match mailbox.look(&mut inbox) {
                        Some(length) => {
                            through_memory += 1;
                            inbox[..length].to_vec()
                        }
                        None => {
                            let mut bytes = [0; 4];
                            reader.read_exact(&mut bytes).unwrap();
                            bytes.to_vec()
                        }
                    };
                    assert_eq!(came, round.to_le_bytes());
                    if !starts {
                        send(mailbox);
                    }
                }
                through_memory
            };
        let other = thread::spawn(move || exchange(&mut child, &pipe, &answers, false));
        exchange(&mut node, &back, &writer, true);
        other.join().unwrap();
    }

    #[test]
    fn nothing_that_the_other_side_writes_is_trusted() {
        let (mut node, _child) = pair();
        patient(&mut node);
        let mut inbox = vec![0; LONGEST];
        for (state, found) in [
            (u64::MAX, Some(LONGEST)),
            (FULL + LONGEST as u64 + 1, Some(LONGEST)),
            (FULL, None),
            (PIPE, None),
            (AWAY, None),
        ] {
            node.send(b"x");
            node.word(NODE).store(state, Relaxed);
            assert_eq!(node.look(&mut inbox), found, "{state}");
        }
        let (_, file) = Mailbox::create().unwrap();
        assert!(file.set_len(0).is_err() && file.set_len(1 << 20).is_err());
    }

    #[test]
    fn what_the_child_says_elsewhere_is_heard_once() {
        let (mut node, child) = pair();
        let teller = child.teller();
        assert!(!node.hears());
        teller.tell();
        teller.tell();
        assert!(node.hears() && !node.hears());
    }

    #[test]
    fn without_a_child_that_knows_of_it_it_stays_off() {
        let (node, file) = Mailbox::create().unwrap();
        node.switch_on();
        assert!(!node.is_on());
        node.word(TABLES).store(1, Relaxed);
        assert!(Mailbox::open(&file).is_none());
        let other = memfd_create("other", MemfdFlags::CLOEXEC).unwrap();
        assert!(Mailbox::open(&File::from(other)).is_none());
        assert!(Mailbox::open(&File::open("/dev/null").unwrap()).is_none());
    }
}
