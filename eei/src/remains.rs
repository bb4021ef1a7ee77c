//! What interrupted runs leave.
//!
//! To give back what a run held takes milliseconds where that was much: megabytes of results, pages of memory. Who has
//! interrupted it does not wait for that; a thread of its own does it.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// Interrupted runs whose remains may wait. What finds no place is given back where it is left.
const QUEUE: usize = 8;

/// Up to about so many bytes are given back where they are left: that takes less time than to wake a thread.
const LITTLE: usize = 1 << 20;

/// What one thing takes besides its bytes, in bytes that take as long to give back: some 20 nanoseconds, a megabyte of
/// pages a thousand times that.
const EACH: usize = 1 << 10;

/// Something that was of one run.
type Thing = Box<dyn Send>;

/// What the current run leaves, and the way to where it is given back.
#[derive(Default)]
pub(crate) struct Remains {
    things: Vec<Thing>,
    /// About how many bytes they hold.
    bytes: usize,
    /// Made when it is first needed; its end ends the thread.
    queue: Option<SyncSender<Vec<Thing>>>,
}

impl Remains {
    /// Counts what is going to be left, by the bytes of its parts, until it is no longer little.
    pub(crate) fn count(&mut self, parts: impl IntoIterator<Item = usize>) {
        for bytes in parts {
            self.bytes = self.bytes.saturating_add(bytes).saturating_add(EACH);
            if self.bytes > LITTLE {
                break;
            }
        }
    }

    /// Leaves something of an interrupted run.
    pub(crate) fn leave(&mut self, thing: impl Send + 'static) {
        self.things.push(Box::new(thing));
    }

    /// Has all that was left given back, by somebody else if it is much and that is possible.
    pub(crate) fn give_back(&mut self) {
        let things = std::mem::take(&mut self.things);
        if std::mem::take(&mut self.bytes) <= LITTLE {
            return drop(things);
        }
        // What is not sent comes back with the error, and goes here.
        drop(self.queue.get_or_insert_with(start).try_send(things));
    }
}

/// Where no thread can be had nothing is taken.
fn start() -> SyncSender<Vec<Thing>> {
    let (sender, receiver) = sync_channel::<Vec<Thing>>(QUEUE);
    let thread = thread::Builder::new().name("remains".to_owned());
    drop(thread.spawn(move || receiver.into_iter().for_each(drop)));
    sender
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread::ThreadId;

    use super::*;

    /// Tells where it is dropped.
    struct Told(Sender<ThreadId>);

    impl Drop for Told {
        fn drop(&mut self) {
            self.0.send(thread::current().id()).expect("somebody listens");
        }
    }

    /// Waits when it is dropped.
    struct Waits(Receiver<()>);

    impl Drop for Waits {
        fn drop(&mut self) {
            let _ = self.0.recv();
        }
    }

    #[test]
    fn little_is_given_back_here_and_much_elsewhere_if_there_is_room() {
        let (told, tell) = channel();
        let mut remains = Remains::default();
        let here = Ok(thread::current().id());
        for (parts, is_little) in [
            (vec![], true),
            (vec![LITTLE / 2], true),
            (vec![0; LITTLE / EACH], true),
            (vec![0; LITTLE / EACH + 1], false),
            (vec![LITTLE], false),
            (vec![usize::MAX; 3], false),
            (vec![7], true),
        ] {
            remains.count(parts.iter().copied());
            remains.leave(Told(told.clone()));
            remains.leave(Told(told.clone()));
            remains.give_back();
            for _ in 0..2 {
                assert_eq!(tell.recv() == here, is_little, "{} parts", parts.len());
            }
        }
        // As long as the first of many is still given back, only so many wait.
        let (go, wait) = channel::<()>();
        let much = |remains: &mut Remains, thing: Box<dyn Send>| {
            remains.count([LITTLE]);
            remains.leave(thing);
            remains.give_back();
        };
        much(&mut remains, Box::new(Waits(wait)));
        for _ in 0..QUEUE + 2 {
            much(&mut remains, Box::new(Told(told.clone())));
        }
        assert_eq!(tell.recv(), here);
        go.send(()).expect("it waits");
        drop((remains, told));
        let elsewhere = tell.iter().filter(|id| Ok(*id) != here).count();
        // The first itself waits as well until it is taken.
        assert!((QUEUE - 1..=QUEUE).contains(&elsewhere), "{elsewhere}");
    }
}
