//! Hardware traps of compiled code, caught as signals.
//!
//! A signal is ours only if the program counter is at a known trap site of code in the store that is running on this
//! thread and, for memory faults, the address is in memory reserved by that store. Everything else goes to the
//! handler that was there before, so a wild fault in host code is never swallowed.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::mem::{self, MaybeUninit};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use super::abi::Site;
use super::arch;
use super::enter::Activation;
use super::ledger::Debt;
use crate::trap::Trap;

const SIGNALS: [libc::c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE];

/// What the kernel says of a fault that no address has caused.
const SI_KERNEL: libc::c_int = 0x80;

/// Addresses below this are never mapped: where a null function reference is read.
const NULL_PAGE: usize = 4096;

/// The handlers that were there before, in the order of [`SIGNALS`].
static PREVIOUS: OnceLock<[libc::sigaction; 4]> = OnceLock::new();

/// Installs the handlers, once per process.
pub(crate) fn install() {
    PREVIOUS.get_or_init(|| {
        SIGNALS.map(|signal| {
            // SAFETY: a zeroed `sigaction` is a valid value; the handler has the signature SA_SIGINFO asks for.
            unsafe {
                let mut action: libc::sigaction = mem::zeroed();
                action.sa_sigaction = handle as *const () as usize;
                // NODEFER: a fault inside the handler must kill, not hang.
                action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
                libc::sigemptyset(&mut action.sa_mask);
                let mut previous = MaybeUninit::zeroed();
                libc::sigaction(signal, &action, previous.as_mut_ptr());
                previous.assume_init()
            }
        })
    });
}

/// Handles a signal or passes it on.
extern "C" fn handle(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel passes valid pointers for the duration of the handler.
    let ours = unsafe { claim(signal, &*info, &mut *context.cast::<libc::ucontext_t>()) };
    if !ours {
        // SAFETY: the same pointers, passed on.
        unsafe { pass_on(signal, info, context) };
    }
}

/// Stores the trap and redirects the thread, if the signal is a trap of compiled code. Takes no lock, allocates
/// nothing.
///
/// # Safety
/// Only from the signal handler, for a synchronous signal.
unsafe fn claim(signal: libc::c_int, info: &libc::siginfo_t, context: &mut libc::ucontext_t) -> bool {
    let activation = Activation::innermost();
    if activation.is_null() {
        return false;
    }
    // SAFETY: the innermost activation is on this thread's stack and alive.
    let activation_ref = unsafe { &mut *activation };
    // SAFETY: an activation holds its store. It is only read here. If this thread was in compiled code, the store is
    // at rest; if it was in Rust, the program counter is not in compiled code and the lists searched are never
    // reordered, only appended to.
    let store = unsafe { &*activation_ref.store };
    let pc = arch::pc(context);
    let found = store.instances.iter().find_map(|instance| {
        let (site, debt) = instance.wiring.native()?.site(pc)?;
        // All instances of a module have the same prices (`Store::instantiate` sees to it), so that of any will do.
        Some((site, Debt::resolve(arch::counter(context), debt, &instance.costs)))
    });
    let Some((site, (used, at_check))) = found else {
        return false;
    };
    // The register holds the counter everywhere in compiled code but in the first words of a way in, which do not trap.
    let cells = store.meter_ref().cells();
    cells.used.store(used, Ordering::Relaxed);
    // A privileged instruction comes as a fault of memory too, but not of any address.
    let memory_fault = signal == libc::SIGBUS || (signal == libc::SIGSEGV && info.si_code != SI_KERNEL);
    // The check before this trap that was left to a later one.
    let passed_over = at_check
        .filter(|used| *used >= cells.limit.load(Ordering::Relaxed))
        .map(|used| {
            cells.used.store(used, Ordering::Relaxed);
            cells.why_stopped()
        });
    let trap = match site {
        Site::Stored if activation_ref.stopped() => None,
        Site::Stored => return false,
        Site::Limit => Some(cells.why_stopped()),
        Site::Trap(trap) if memory_fault => {
            // SAFETY: `info` is of a memory fault, so it has an address.
            let address = unsafe { info.si_addr() } as usize;
            let known = match trap {
                Trap::MemoryOutOfBounds => store.memories.iter().any(|memory| memory.reserves(address)),
                Trap::IndirectCallToNull => address < NULL_PAGE,
                _ => false,
            };
            if !known {
                return false;
            }
            Some(passed_over.unwrap_or(trap))
        }
        Site::Trap(trap) => Some(passed_over.unwrap_or(trap)),
    };
    if let Some(trap) = trap {
        activation_ref.stop(trap, None);
    }
    arch::redirect(context, activation);
    true
}

/// Does what would have been done without us.
///
/// # Safety
/// Only from the signal handler, with its arguments.
unsafe fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let position = SIGNALS.iter().position(|s| *s == signal);
    let previous = position.and_then(|i| PREVIOUS.get().map(|list| &list[i]));
    match previous {
        Some(previous)
            if previous.sa_sigaction != libc::SIG_DFL && previous.sa_sigaction != libc::SIG_IGN =>
        {
            if previous.sa_flags & libc::SA_SIGINFO != 0 {
                // SAFETY: installed with SA_SIGINFO, so it has this signature.
                let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                    unsafe { mem::transmute(previous.sa_sigaction) };
                handler(signal, info, context);
            } else {
                // SAFETY: installed without SA_SIGINFO, so it has this signature.
                let handler: extern "C" fn(libc::c_int) = unsafe { mem::transmute(previous.sa_sigaction) };
                handler(signal);
            }
        }
        // Default, or ignored, which a fault cannot be: let it happen again without us.
        _ => {
            // SAFETY: a zeroed action is the default one.
            unsafe {
                let default: libc::sigaction = mem::zeroed();
                libc::sigaction(signal, &default, ptr::null_mut());
            }
        }
    }
}

/// Bytes of the alternate stack our handler and the ones before it may need.
const ALTERNATE: usize = 64 * 1024;

thread_local! {
    static PREPARED: Cell<bool> = const { Cell::new(false) };
    static OWN: Cell<Option<AlternateStack>> = const { Cell::new(None) };
}

/// Sees to it that signals on this thread have a stack of their own.
#[inline]
pub(crate) fn prepare_thread() {
    if !PREPARED.get() {
        prepare();
    }
}

#[cold]
fn prepare() {
    install();
    // SAFETY: only asks.
    let present = unsafe {
        let mut stack: libc::stack_t = mem::zeroed();
        libc::sigaltstack(ptr::null(), &mut stack) == 0 && stack.ss_flags & libc::SS_DISABLE == 0
    };
    if !present && let Some(stack) = AlternateStack::install() {
        OWN.set(Some(stack));
    }
    PREPARED.set(true);
}

/// An alternate signal stack of this thread, for threads that Rust did not start.
struct AlternateStack(*mut libc::c_void);

impl AlternateStack {
    fn install() -> Option<Self> {
        // SAFETY: a fresh mapping, given to the kernel as a whole; unmapped only after the kernel has let go of it.
        unsafe {
            let base = libc::mmap(
                ptr::null_mut(),
                ALTERNATE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if base == libc::MAP_FAILED {
                return None;
            }
            let stack = libc::stack_t {
                ss_sp: base,
                ss_flags: 0,
                ss_size: ALTERNATE,
            };
            if libc::sigaltstack(&stack, ptr::null_mut()) != 0 {
                libc::munmap(base, ALTERNATE);
                return None;
            }
            Some(Self(base))
        }
    }
}

impl Drop for AlternateStack {
    fn drop(&mut self) {
        // SAFETY: takes the stack away from the kernel before it is unmapped, unless somebody replaced it.
        unsafe {
            let mut current: libc::stack_t = mem::zeroed();
            if libc::sigaltstack(ptr::null(), &mut current) == 0 && current.ss_sp == self.0 {
                let off = libc::stack_t {
                    ss_sp: ptr::null_mut(),
                    ss_flags: libc::SS_DISABLE,
                    ss_size: 0,
                };
                libc::sigaltstack(&off, ptr::null_mut());
            }
            libc::munmap(self.0, ALTERNATE);
        }
    }
}
