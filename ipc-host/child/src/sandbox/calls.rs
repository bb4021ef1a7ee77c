//! The system calls of a locked child: which it may make, with which arguments, and why.

/// What happens to a call that matches a row. A call that no row allows fails with `EPERM`.
///
/// Failing is the rule, and dying the exception, because libraries probe: the allocator of the C library, for one,
/// looks at `/proc/sys/vm/overcommit_memory` when it shrinks a heap and goes on without. A child that died of that
/// would cost a call, and a panic or an abort could no longer be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is made.
    Allow,
    /// It fails as if the kernel did not have it, which makes the C library use another one.
    Absent,
    /// The process is killed with `SIGSYS`: no code of the child and of its libraries ever makes it, so somebody else
    /// has taken over, and should not be left to try the next thing.
    Kill,
}

/// When a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// Where contracts may be compiled to native code.
    Native,
    /// Where there is a cache folder.
    Cache,
}

/// What an argument must be. All arguments looked at are 32 bits wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// The bits of a mask have this value.
    Bits {
        /// Which bits are looked at.
        mask: u32,
        /// What they are.
        value: u32,
    },
    /// It is this number.
    Is(u32),
    /// It is the id of the process itself.
    OwnProcess,
}

/// The argument at an index, and what it must be.
pub type Argument = (u8, Test);

/// A row: a call and what becomes of it.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Its name.
    pub name: &'static str,
    /// Its number; none where this processor's kernel has no such call.
    pub number: Option<i64>,
    /// What becomes of it.
    pub verdict: Verdict,
    /// When the row holds.
    pub need: Need,
    /// It matches when all of one of these lists hold; always when there is no list.
    pub when: &'static [&'static [Argument]],
    /// The same in words; empty when there is no list.
    pub only: &'static str,
    /// What it is for, or why nobody may.
    pub why: &'static str,
}

macro_rules! number {
    (x86_64 $number:ident) => {{
        #[cfg(target_arch = "x86_64")]
        let number = Some(libc::$number);
        #[cfg(not(target_arch = "x86_64"))]
        let number = None;
        number
    }};
    (any $number:ident) => {
        Some(libc::$number)
    };
}

/// Rows: verdict, need, processor, number, arguments in code and in words, reason.
macro_rules! calls {
    ($($verdict:ident $need:ident $arch:ident $number:ident $(($when:expr, $only:literal))? $why:literal;)*) => {
        /// Every row. What is not here fails.
        pub const CALLS: &[Call] = &[$(Call {
            name: stringify!($number).split_at("SYS_".len()).1,
            number: number!($arch $number),
            verdict: Verdict::$verdict,
            need: Need::$need,
            when: { let _when: &[&[Argument]] = &[]; $(let _when: &[&[Argument]] = $when;)? _when },
            only: { let _only = ""; $(let _only = $only;)? _only },
            why: $why,
        },)*];
    };
}

const fn bits(mask: i32, value: i32) -> Test {
    Test::Bits {
        mask: mask as u32,
        value: value as u32,
    }
}

const fn is(value: i32) -> Test {
    Test::Is(value as u32)
}

const WRITE: i32 = libc::PROT_WRITE;
const EXEC: i32 = libc::PROT_EXEC;
/// How a mapping is shared.
const MAP_TYPE: i32 = libc::MAP_TYPE;
/// Namespaces that a new thread could be put in.
const NAMESPACES: i32 = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET;
/// What makes a new task a thread.
const THREAD: i32 = libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD;
/// `MADV_GUARD_INSTALL` and `MADV_GUARD_REMOVE` of Linux 6.13.
const GUARD_INSTALL: i32 = 102;
const GUARD_REMOVE: i32 = 103;

/// Private memory that is not executable.
const PLAIN_MAPPING: &[&[Argument]] = &[&[(2, bits(EXEC, 0)), (3, bits(MAP_TYPE, libc::MAP_PRIVATE))]];
/// Advice that drops, splits, joins or guards pages of the process itself.
const ADVICE: &[&[Argument]] = &[
    &[(2, is(libc::MADV_DONTNEED))],
    &[(2, is(libc::MADV_FREE))],
    &[(2, is(libc::MADV_HUGEPAGE))],
    &[(2, is(libc::MADV_NOHUGEPAGE))],
    &[(2, is(GUARD_INSTALL))],
    &[(2, is(GUARD_REMOVE))],
];

calls! {
    Allow Always any SYS_read "requests, answers, log profiles";
    Allow Always any SYS_write "replies, questions, log lines, the reason of the end on stderr, images of memories";
    Allow Always any SYS_close "pipes that ended, images that are not needed any longer";
    Allow Always any SYS_ppoll "waits for requests, answers, log profiles and the end of the node";
    Allow Always x86_64 SYS_poll "waits for requests, answers, log profiles and the end of the node";
    Allow Always any SYS_ioctl (&[&[(1, is(libc::FIONBIO as i32))]], "`FIONBIO`")
        "reads pipes without waiting";
    Allow Always any SYS_fcntl (&[&[(1, is(libc::F_DUPFD_CLOEXEC))], &[(1, is(libc::F_ADD_SEALS))]],
        "`F_DUPFD_CLOEXEC`, `F_ADD_SEALS`") "second handles of pipes; makes images immutable";

    Allow Always any SYS_mmap (PLAIN_MAPPING, "private, not executable")
        "heap, stacks, address space of memories, images of their initial contents";
    Allow Always any SYS_mprotect (&[&[(2, bits(EXEC, 0))]], "not executable")
        "opens pages of a memory that grows, guards stacks";
    Allow Native any SYS_mprotect (&[&[(2, bits(WRITE | EXEC, EXEC))]], "executable, and not writable")
        "seals code that is complete";
    Allow Always any SYS_munmap "memories, stacks and code that are gone";
    Allow Always any SYS_mremap "heap blocks that grow";
    Allow Always any SYS_brk "heap";
    Allow Always any SYS_madvise (ADVICE, "dropping, guarding or joining pages")
        "resets memories between contracts, gives back unused heap and stacks";
    Allow Always any SYS_memfd_create "images of initial memory contents";
    Allow Always any SYS_ftruncate "the size of an image";
    Allow Always any SYS_lseek "where in an image its contents go";

    Allow Always any SYS_clone (&[&[(0, bits(THREAD | NAMESPACES, THREAD))]], "threads of this process")
        "the threads that run contracts, compile and write the log";
    Absent Always any SYS_clone3 "its flags lie in memory, where a filter cannot see them; threads are made by `clone`";
    Allow Always any SYS_set_robust_list "start of a thread";
    Allow Always any SYS_rseq "start of a thread";
    Allow Always any SYS_prctl (&[&[(0, is(libc::PR_SET_NAME))], &[(0, is(libc::PR_SET_VMA))]],
        "`PR_SET_NAME`, `PR_SET_VMA`") "names threads and mappings";
    Allow Always any SYS_futex "locks, queues between threads, DiagnoseWait";
    Allow Always any SYS_sched_yield "locks";
    Allow Always any SYS_sched_getaffinity "the C library counts processors to size its heap";
    Allow Always any SYS_gettid "start of a thread, abort";
    Allow Always any SYS_getpid "abort";
    Allow Always any SYS_exit "end of a thread";
    Allow Always any SYS_exit_group "end of the process";

    Allow Always any SYS_rt_sigaction "handlers of memory faults and other traps of compiled code";
    Allow Always any SYS_rt_sigprocmask "start and end of a thread, abort";
    Allow Always any SYS_rt_sigreturn "end of a signal handler";
    Allow Always any SYS_sigaltstack "stacks for signal handlers";
    Allow Always any SYS_restart_syscall "goes on with a call that a signal interrupted";
    Allow Always any SYS_tgkill (&[&[(0, Test::OwnProcess)]], "this process") "abort";

    Allow Always any SYS_clock_gettime "time stamps of log lines, where the kernel has no faster way";
    Allow Always any SYS_clock_nanosleep "the moment to say why it ends, when nobody reads the replies";
    Allow Always any SYS_nanosleep "the same, where the C library sleeps by it";
    Allow Always any SYS_getrandom "seeds of hash maps, none of which reaches an output";

    Allow Cache any SYS_openat "opens cached code, and only there (Landlock)";
    Allow Cache any SYS_fstat "size of a cached file";
    Allow Cache any SYS_newfstatat "size of a cached file";
    Allow Cache any SYS_statx "size of a cached file";
    Allow Cache any SYS_pread64 "reads cached code";
    Allow Cache any SYS_pwrite64 "writes cached code";
    Allow Cache any SYS_fsync "completes a file before it gets its name";
    Allow Cache any SYS_fdatasync "completes a file before it gets its name";
    Allow Cache any SYS_flock "one writer at a time";
    Allow Cache any SYS_utimensat "which file was used last";
    Allow Cache any SYS_renameat "gives a complete file its name";
    Allow Cache any SYS_renameat2 "gives a complete file its name";
    Allow Cache x86_64 SYS_rename "gives a complete file its name";
    Allow Cache any SYS_unlinkat "forgets old files";
    Allow Cache x86_64 SYS_unlink "forgets old files";
    Allow Cache any SYS_mkdirat "folders of the cache";
    Allow Cache x86_64 SYS_mkdir "folders of the cache";
    Allow Cache any SYS_getdents64 "lists the cache";

    Kill Always any SYS_execve "another program";
    Kill Always any SYS_execveat "another program";
    Kill Always x86_64 SYS_fork "another process";
    Kill Always x86_64 SYS_vfork "another process";
    Kill Always any SYS_clone (&[&[(0, bits(libc::CLONE_THREAD, 0))]], "anything but a thread") "another process";
    Kill Always any SYS_unshare "another namespace";
    Kill Always any SYS_setns "another namespace";
    Kill Always any SYS_ptrace "other processes";
    Kill Always any SYS_process_vm_readv "other processes";
    Kill Always any SYS_process_vm_writev "other processes";
    Kill Always any SYS_pidfd_getfd "other processes' files";
    Kill Always any SYS_socket "the network";
    Kill Always any SYS_socketpair "the network";
    Kill Always any SYS_connect "the network";
    Kill Always any SYS_bind "the network";
    Kill Always any SYS_listen "the network";
    Kill Always any SYS_accept4 "the network";
    Kill Always any SYS_sendmsg "the network, and files passed over it";
    Kill Always any SYS_recvmsg "the network, and files passed over it";
    Kill Always any SYS_io_uring_setup "calls that no filter sees";
    Kill Always any SYS_bpf "code in the kernel";
    Kill Always any SYS_userfaultfd "pages that the process fills itself, a tool of exploits";
    Kill Always any SYS_perf_event_open "measures other processes";
    Kill Always any SYS_keyctl "keys of the user";
    Kill Always any SYS_mount "file systems";
    Kill Always any SYS_umount2 "file systems";
    Kill Always any SYS_pivot_root "file systems";
    Kill Always any SYS_chroot "file systems";
    Kill Always any SYS_open_by_handle_at "files by number, past every check of paths";
    Kill Always any SYS_init_module "code in the kernel";
    Kill Always any SYS_finit_module "code in the kernel";
    Kill Always any SYS_kexec_load "another kernel";
    Kill Always any SYS_reboot "the machine";
}
