//! Work that has no place to look at the interrupt flag.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
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

/// Ends a wait, whatever became of the work.
struct Done<T> {
    result: Sender<Result<T, Box<dyn Any + Send>>>,
    waiting: Thread,
}

impl<T> Done<T> {
    fn tell(self, result: Result<T, Box<dyn Any + Send>>) {
        // Who does not wait any more does not want to know.
        let _ = self.result.send(result);
        self.waiting.unpark();
    }
}

impl Interrupt {
    /// Does `work` on a thread of its own and waits for it: `None` as soon as the flag is up, whatever the work does
    /// then. It is told, and should end soon. Where no thread can be had it is done on this one.
    ///
    /// This takes some tens of microseconds more than the work: for work that takes longer, that cannot look at the flag
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
        let job = Arc::new(Mutex::new(Some(move || {
            let result = catch_unwind(AssertUnwindSafe(|| work(&told)));
            done.tell(result);
        })));
        let take = |job: &Mutex<Option<_>>| job.lock().unwrap_or_else(PoisonError::into_inner).take();
        let elsewhere = job.clone();
        let started = thread::Builder::new().name("apart".to_owned()).spawn(move || {
            if let Some(job) = take(&elsewhere) {
                job();
            }
        });
        if started.is_err()
            && let Some(job) = take(&job)
        {
            job();
        }
        let result = loop {
            match receiver.try_recv() {
                Ok(result) => break Some(result),
                Err(TryRecvError::Disconnected) => {
                    unreachable!("the work is done, or tells what it panicked with")
                }
                Err(TryRecvError::Empty) if self.is_raised() => break None,
                Err(TryRecvError::Empty) => thread::park(),
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

    #[test]
    fn work_is_done_or_left_behind() {
        let interrupt = Interrupt::new();
        assert_eq!(interrupt.apart(|_| 7), Some(7));
        let (told, tell) = channel();
        let (begun, begin) = channel();
        let raising = interrupt.clone();
        let raise = thread::spawn(move || {
            begin.recv().expect("it begins");
            raising.raise();
        });
        let endless = interrupt.apart(move |abandoned| {
            begun.send(()).expect("somebody waits");
            while !abandoned.is_so() {
                thread::yield_now();
            }
            told.send(()).expect("somebody waits");
        });
        assert_eq!(endless, None);
        tell.recv().expect("it is told that nobody waits");
        raise.join().expect("it ends");
        assert_eq!(interrupt.apart(|_| 7), None, "already up");
        interrupt.clear();
        assert_eq!(interrupt.apart(|_| 8), Some(8));
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
