//! Work that has no place to look at the interrupt flag.

use std::any::Any;
use std::hint;
use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvError, SendError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, Thread};

use super::cells::Interrupt;

/// Tells work that nobody waits for it any more.
#[derive(Debug, Clone, Default)]
pub struct Abandoned(Arc<AtomicBool>);

impl Abandoned {
    /// Is the result of no use any more?
    pub fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Ends a wait when it is dropped, whatever became of the work.
struct Done<T> {
    result: Sender<Result<T, Box<dyn Any + Send>>>,
    waiting: Thread,
}

impl<T> Done<T> {
    fn tell(self, result: Result<T, Box<dyn Any + Send>>) {
        // Who does not wait any more does not want to know.
        let _ = self.result.send(result);
    }
}

impl<T> Drop for Done<T> {
    fn drop(&mut self) {
        self.waiting.unpark();
    }
}

/// A piece of work, ready to be done anywhere. Who does it waits for the next as soon as it has dropped what it was given.
type Job = Box<dyn FnOnce(Option<Free>) + Send>;

/// Threads without work that are kept for the next: one while nobody raises the flag, and one more while work that was
/// left behind comes to its end.
const KEPT: usize = 2;

/// How often somebody looks for what may come at any moment before it goes to sleep: for some tens of microseconds, which
/// is what it takes to wake somebody up.
const LOOKS: u32 = 1_000;

/// Takes what has come through a channel, or tells that nothing will. If nothing has, some nanoseconds pass.
fn seen<T>(channel: &Receiver<T>) -> Option<Result<T, RecvError>> {
    match channel.try_recv() {
        Ok(thing) => Some(Ok(thing)),
        Err(TryRecvError::Disconnected) => Some(Err(RecvError)),
        Err(TryRecvError::Empty) => {
            hint::spin_loop();
            None
        }
    }
}

/// Threads that wait for work, each at the other end of a channel. They end when this does.
#[derive(Debug, Default)]
pub(super) struct Helpers(Mutex<Vec<Helper>>);

/// The way to a thread that does work.
#[derive(Debug, Clone)]
struct Helper(Sender<(Job, Free)>);

/// Puts a helper among those that wait, when it is dropped.
struct Free {
    helper: Helper,
    helpers: Weak<Helpers>,
}

impl Drop for Free {
    fn drop(&mut self) {
        let Some(helpers) = self.helpers.upgrade() else {
            return;
        };
        let mut waiting = helpers.lock();
        if waiting.len() < KEPT {
            waiting.push(self.helper.clone());
        }
    }
}

impl Helpers {
    /// Has a job done by another thread. It comes back if none can be had.
    fn start(self: &Arc<Self>, mut job: Job) -> Result<(), Job> {
        // In a statement of its own: the lock is not held while anybody is woken.
        let waiting = self.lock().pop();
        let new = iter::once_with(Helper::new).flatten();
        for helper in waiting.into_iter().chain(new) {
            let free = Free {
                helper: helper.clone(),
                helpers: Arc::downgrade(self),
            };
            let Err(SendError((unsent, mut gone))) = helper.0.send((job, free)) else {
                return Ok(());
            };
            gone.helpers = Weak::new();
            job = unsent;
        }
        Err(job)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Helper>> {
        // The list is valid at every moment, so a panic elsewhere cannot have broken it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Helper {
    /// Starts a thread, if one can be had. It ends when nobody has a way to it.
    fn new() -> Option<Self> {
        let (way, jobs) = channel::<(Job, Free)>();
        let thread = thread::Builder::new().name("apart".to_owned());
        let started = thread.spawn(move || {
            let next = || {
                (0..LOOKS)
                    .find_map(|_| seen(&jobs))
                    .unwrap_or_else(|| jobs.recv())
            };
            while let Ok((job, free)) = next() {
                job(Some(free));
            }
        });
        started.is_ok().then_some(Self(way))
    }
}

impl Interrupt {
    /// Does `work` on another thread and waits for it: `None` as soon as the flag is up, whatever the work does then. It
    /// is told, and should end soon. Where no thread can be had it is done on this one.
    ///
    /// This takes some ten microseconds more than the work: for work that takes longer, that cannot look at the flag
    /// itself, and whose result depends on nothing but what it was given.
    ///
    /// # Panics
    /// When the work does, with what it panicked with.
    pub fn apart<T: Send + 'static>(&self, work: impl FnOnce(&Abandoned) -> T + Send + 'static) -> Option<T> {
        // Whatever is done then is in vain, and so is a thread for it.
        if self.is_raised() {
            return None;
        }
        let abandoned = Abandoned::default();
        let waiting = self.wait_on(thread::current());
        let (sender, receiver) = channel();
        let done = Done {
            result: sender,
            waiting: thread::current(),
        };
        let told = abandoned.clone();
        let job = Box::new(move |free| {
            let result = catch_unwind(AssertUnwindSafe(|| work(&told)));
            // Before anybody knows, who may have more work at once.
            drop(free);
            done.tell(result);
        });
        if let Err(job) = self.helpers().start(job) {
            job(None);
        }
        let mut looks = LOOKS;
        let result = loop {
            match seen(&receiver) {
                Some(Ok(result)) => break Some(result),
                Some(Err(RecvError)) => unreachable!("the work is done, or tells what it panicked with"),
                None => {}
            }
            if self.is_raised() {
                break None;
            }
            match looks {
                0 => thread::park(),
                _ => looks -= 1,
            }
        };
        drop(waiting);
        if result.is_none() {
            abandoned.0.store(true, Ordering::Relaxed);
        }
        result.map(|result| result.unwrap_or_else(|payload| resume_unwind(payload)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// Does work that is left behind: the flag goes up when it has begun.
    fn leave_behind(interrupt: &Interrupt, work: impl FnOnce(&Abandoned) + Send + 'static) {
        let (begun, begin) = channel();
        let raising = interrupt.clone();
        let raise = thread::spawn(move || {
            begin.recv().expect("it begins");
            raising.raise();
        });
        let left = interrupt.apart(move |abandoned| {
            begun.send(()).expect("somebody waits");
            work(abandoned);
        });
        assert_eq!(left, None);
        raise.join().expect("it ends");
    }

    #[test]
    fn work_is_done_or_left_behind() {
        let interrupt = Interrupt::new();
        assert_eq!(interrupt.apart(|_| 7), Some(7));
        let (told, tell) = channel();
        leave_behind(&interrupt, move |abandoned| {
            while !abandoned.is_so() {
                thread::yield_now();
            }
            told.send(()).expect("somebody waits");
        });
        tell.recv().expect("it is told that nobody waits");
        assert_eq!(interrupt.apart(|_| 7), None, "already up");
        interrupt.clear();
        assert_eq!(interrupt.apart(|_| 8), Some(8));
    }

    #[test]
    fn threads_wait_for_more_work_unless_they_are_left_behind_with_some() {
        let interrupt = Interrupt::new();
        let id = |interrupt: &Interrupt| interrupt.apart(|_| thread::current().id());
        let (first, second) = (id(&interrupt), id(&interrupt));
        assert!(first.is_some() && first != Some(thread::current().id()));
        assert_eq!(first, second);

        let (go, wait) = channel::<()>();
        leave_behind(&interrupt, move |_| {
            let _ = wait.recv();
        });
        interrupt.clear();
        let third = id(&interrupt);
        assert!(third.is_some() && third != first, "the first is still at work");
        drop(go);
    }

    #[test]
    fn threads_end_with_the_last_handle_of_the_flag() {
        let interrupt = Interrupt::new();
        let (told, tell) = channel();
        struct AtEnd(Sender<()>);
        impl Drop for AtEnd {
            fn drop(&mut self) {
                let _ = self.0.send(());
            }
        }
        thread_local!(static AT_END: std::cell::RefCell<Option<AtEnd>> = const { std::cell::RefCell::new(None) });
        interrupt.apart(move |_| AT_END.set(Some(AtEnd(told))));
        assert!(tell.try_recv().is_err(), "it waits for more");
        drop(interrupt);
        tell.recv().expect("it tells when it ends");
    }

    #[test]
    fn a_panic_is_passed_on() {
        let ended = catch_unwind(|| Interrupt::new().apart(|_| resume_unwind(Box::new(5_u8))));
        assert_eq!(
            ended
                .map(|_: Option<()>| ())
                .map_err(|payload| payload.downcast_ref::<u8>().copied()),
            Err(Some(5))
        );
    }
}
