//! The threads that compile in the background, and the bounded queue before them. Owned by the engine.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use super::{Promotion, Refusal, Wanted};
use crate::artefact::Keep;
use crate::jit::Compiler;
use crate::module::info::ModuleInfo;

/// A module to compile. Holds no engine: the last handle of an engine must not be dropped by a thread it joins.
struct Job {
    compiler: Arc<Compiler>,
    info: Arc<ModuleInfo>,
    /// Gone when the module is: then nobody wants the code.
    promotion: Weak<Promotion>,
    wanted: Wanted,
    keep: Option<Keep>,
}

/// Compiling threads, started when first needed.
#[derive(Debug)]
pub(crate) struct Workers {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// How many threads there may be.
    count: usize,
    /// How many modules may wait.
    capacity: usize,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Threads that have nothing to do.
    idle: usize,
    /// The engine is being dropped.
    stopping: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("waiting", &self.jobs.len())
            .field("idle", &self.idle)
            .field("stopping", &self.stopping)
            .finish()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held, and the state is valid at every moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workers {
    pub fn new(count: usize, capacity: usize) -> Self {
        Self {
            shared: Arc::default(),
            threads: Mutex::default(),
            count,
            capacity,
        }
    }

    /// Queues what is wanted of a module that is neither queued nor settled; otherwise, and when the queue is full, does
    /// nothing.
    pub fn request(
        &self,
        promotion: &Arc<Promotion>,
        info: &Arc<ModuleInfo>,
        compiler: Result<&Arc<Compiler>, String>,
        wanted: Wanted,
        keep: Option<Keep>,
    ) {
        let compiler = match compiler.and_then(|compiler| self.started().map(|()| compiler)) {
            Ok(compiler) => compiler.clone(),
            Err(reason) => {
                if promotion.claim() {
                    promotion.refuse(Refusal::Unavailable(reason));
                }
                return;
            }
        };
        let mut state = self.shared.lock();
        // Modules that are gone give up their places.
        state.jobs.retain(|job| job.promotion.strong_count() > 0);
        // Claimed only when there is a place, so that what is claimed is certain to be settled.
        if state.jobs.len() >= self.capacity || !promotion.claim() {
            return;
        }
        state.jobs.push_back(Job {
            compiler,
            info: info.clone(),
            promotion: Arc::downgrade(promotion),
            wanted,
            keep,
        });
        drop(state);
        self.shared.changed.notify_one();
    }

    /// Starts the threads unless they run.
    fn started(&self) -> Result<(), String> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        while threads.len() < self.count {
            let shared = self.shared.clone();
            let thread = thread::Builder::new()
                .name("wasm-compile".into())
                .stack_size(STACK)
                .spawn(move || work(&shared));
            match thread {
                Ok(thread) => threads.push(thread),
                // Fewer threads than asked for are enough.
                Err(_) if !threads.is_empty() => break,
                Err(e) => return Err(format!("no thread to compile on: {e}")),
            }
        }
        Ok(())
    }
}

/// Bytes of stack of a compiling thread. The code generator recurses over expressions, which the budget bounds.
pub(crate) const STACK: usize = 8 << 20;

impl Drop for Workers {
    /// Forgets what waits, stops what is being compiled after its current function, and waits for that.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        drop(jobs);
        self.shared.changed.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic is caught where it happens; there is nothing left to say about one here.
            let _ = thread.join();
        }
    }
}

/// What a compiling thread does until the engine is gone.
fn work(shared: &Shared) {
    loop {
        let mut state = shared.lock();
        let job = loop {
            if state.stopping {
                return;
            }
            match state.jobs.pop_front() {
                Some(job) => break job,
                None => {
                    state.idle += 1;
                    state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                    state.idle -= 1;
                }
            }
        };
        // Instead of those with nothing to do, threads of its own help, and are gone when it is done.
        let more = state.idle;
        drop(state);
        compile(shared, &job, more);
    }
}

fn compile(shared: &Shared, job: &Job, more: usize) {
    let Some(promotion) = job.promotion.upgrade() else {
        return;
    };
    // One of the references is ours.
    let unwanted = || Arc::strong_count(&promotion) == 1 || shared.lock().stopping;
    let done = promotion.run(Ok(&job.compiler), job.info.defined(), |compiler, old| {
        compiler.compile(&job.info, old, &job.wanted, more, &unwanted)
    });
    // The code is in use meanwhile.
    if let (true, Some(keep), Some(native)) = (done, &job.keep, promotion.native()) {
        keep.save(&job.compiler, &job.info, &native);
    }
}
