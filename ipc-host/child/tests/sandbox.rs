//! What a locked process can still do. Each trial starts this program anew; it locks itself in and tries.

#![allow(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::TcpStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, exit};
use std::time::Duration;
use std::{env, thread};

use arwen_ipc_child::sandbox::calls::{CALLS, Call, Need, Test, Verdict};
use arwen_ipc_child::sandbox::limits::LIMITS;
use arwen_ipc_child::sandbox::{Mode, Sandbox, SandboxError, lock_down};
use libtest_mimic::{Arguments, Failed, Trial};

/// The first argument of a process that is to try something: then come what, and the folder.
const TRY: &str = "--try";
/// A descriptor that is left open by the parent.
const FORGOTTEN: libc::c_int = 9;

/// How an attempt ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Done,
    Fails(i32),
    Killed(i32),
}
use End::{Done, Fails, Killed};

/// Which settings an attempt is made under.
#[derive(Clone, Copy)]
enum Under {
    /// What a node starts by default.
    Default,
    /// The interpreter alone.
    Interpreter,
    /// With a cache folder.
    Cache,
    /// Not locked in.
    Off,
}

struct Attempt {
    name: &'static str,
    under: Under,
    end: End,
    work: fn(&Path) -> io::Result<()>,
}

const fn attempt(name: &'static str, under: Under, end: End, work: fn(&Path) -> io::Result<()>) -> Attempt {
    Attempt {
        name,
        under,
        end,
        work,
    }
}

const EPERM: End = Fails(libc::EPERM);
const SIGSYS: End = Killed(libc::SIGSYS);
/// Somebody else's file that everybody may read.
const FOREIGN: &str = "/etc/passwd";

#[rustfmt::skip]
const ATTEMPTS: &[Attempt] = &[
    attempt("open a file", Under::Default, EPERM, |_| File::open(FOREIGN).map(drop)),
    attempt("create a file", Under::Default, EPERM, |folder| fs::write(folder.join("new"), "x")),
    attempt("look at a file", Under::Default, EPERM, |_| fs::metadata(FOREIGN).map(drop)),
    attempt("list a folder", Under::Default, EPERM, |folder| fs::read_dir(folder).map(drop)),
    attempt("remove a file", Under::Default, EPERM, |folder| fs::remove_file(folder.join("old"))),
    attempt("open a file, not locked in", Under::Off, Done, |_| File::open(FOREIGN).map(drop)),
    attempt("connect to a server", Under::Default, SIGSYS, |_| TcpStream::connect("127.0.0.1:9").map(drop)),
    attempt("start a program", Under::Default, SIGSYS, |_| Command::new("/bin/true").status().map(drop)),
    attempt("become a program", Under::Default, SIGSYS, |_| Err(Command::new("/bin/true").exec())),
    attempt("ask about the parent", Under::Default, EPERM, |_| call(libc::SYS_kill, &[parent(), 0])),
    attempt("signal the parent", Under::Default, EPERM, |_| call(libc::SYS_tgkill, &[parent(), parent(), 0])),
    attempt("signal oneself", Under::Default, Done, |_| call(libc::SYS_tgkill, &[own(), own(), 0])),
    attempt("use a descriptor that a parent forgot", Under::Default, Fails(libc::EBADF), |_| call(libc::SYS_read, &[FORGOTTEN.into(), 0, 0])),
    attempt("use such a descriptor, not locked in", Under::Off, Done, |_| call(libc::SYS_read, &[FORGOTTEN.into(), 0, 0])),
    attempt("raise a limit", Under::Default, EPERM, |_| call(libc::SYS_prlimit64, &[0, libc::RLIMIT_CORE.into(), 0, 0])),
    attempt("become traceable", Under::Default, EPERM, |_| call(libc::SYS_prctl, &[libc::PR_SET_DUMPABLE.into(), 1])),
    attempt("become another user", Under::Default, EPERM, |_| call(libc::SYS_setuid, &[1])),
    attempt("type on the terminal", Under::Default, EPERM, |_| call(libc::SYS_ioctl, &[0, libc::TIOCSTI as i64, 0])),
    attempt("change how a pipe is read", Under::Default, EPERM, |_| call(libc::SYS_fcntl, &[0, libc::F_SETFL.into(), 0])),
    attempt("break pages of the machine", Under::Default, EPERM, |_| call(libc::SYS_madvise, &[0, 0, 100])),

    attempt("map memory that is writable and executable", Under::Default, EPERM, |_| map(RWX, libc::MAP_PRIVATE).map(drop)),
    attempt("map executable memory", Under::Default, EPERM, |_| map(RX, libc::MAP_PRIVATE).map(drop)),
    attempt("map shared memory", Under::Default, EPERM, |_| map(RW, libc::MAP_SHARED).map(drop)),
    attempt("make memory writable and executable", Under::Default, EPERM, |_| protect(map(RW, libc::MAP_PRIVATE)?, RWX)),
    attempt("make code writable", Under::Default, EPERM, |_| { let code = map(RW, libc::MAP_PRIVATE)?; protect(code, RX)?; protect(code, RWX) }),
    attempt("seal code", Under::Default, Done, |_| protect(map(RW, libc::MAP_PRIVATE)?, RX)),
    attempt("seal code with the interpreter alone", Under::Interpreter, EPERM, |_| protect(map(RW, libc::MAP_PRIVATE)?, RX)),
    attempt("map memory that is writable and executable, not locked in", Under::Off, Done, |_| map(RWX, libc::MAP_PRIVATE).map(drop)),

    attempt("run a thread", Under::Default, Done, |_| { thread::Builder::new().name("x".into()).spawn(|| ())?.join().map_err(|_| io::ErrorKind::Other.into()) }),
    attempt("open a file from a thread", Under::Default, EPERM, |_| in_thread(|| File::open(FOREIGN).map(drop))),
    attempt("wait", Under::Default, Done, |_| { thread::sleep(Duration::from_millis(1)); Ok(()) }),
    attempt("write an error", Under::Default, Done, |_| io::stderr().write_all(b"error\n")),
    attempt("use much heap", Under::Default, Done, |_| { let mut heap = Vec::new(); for n in 0..1000 { heap.push(vec![1u8; n * 500]); } drop(heap); Ok(()) }),
    attempt("make an image of memory", Under::Default, Done, |_| image(LIMITED)),
    attempt("make too large a file", Under::Default, Killed(libc::SIGXFSZ), |_| image(LIMITED + 1)),
    attempt("open as many files as there may be", Under::Default, Fails(libc::EMFILE), |_| loop { call(libc::SYS_fcntl, &[0, libc::F_DUPFD_CLOEXEC.into(), 0])? }),
    attempt("panic", Under::Default, Done, |_| { std::panic::catch_unwind(|| panic!("as planned")).expect_err("a panic"); Ok(()) }),
    attempt("abort", Under::Default, Killed(libc::SIGABRT), |_| std::process::abort()),
    attempt("overflow the stack", Under::Default, Killed(libc::SIGABRT), |_| in_thread(|| { deeper(0); Ok(()) })),

    attempt("keep a file in the cache", Under::Cache, Done, |folder| {
        let (new, name) = (folder.join("new"), folder.join("name"));
        let mut file = File::create(&new)?;
        file.write_all(b"code")?;
        file.sync_all()?;
        fs::rename(&new, &name)?;
        assert_eq!(fs::read(&name)?, b"code");
        assert!(fs::read_dir(folder)?.count() >= 2);
        fs::remove_file(name)
    }),
    attempt("open a file beside the cache", Under::Cache, Fails(libc::EACCES), |_| File::open(FOREIGN).map(drop)),
    attempt("create a file beside the cache", Under::Cache, Fails(libc::EACCES), |_| fs::write(env::temp_dir().join("arwen-sandbox-test"), "x")),
    attempt("list a folder beside the cache", Under::Cache, Fails(libc::EACCES), |_| fs::read_dir("/").map(drop)),
    attempt("move a file out of the cache", Under::Cache, Fails(libc::EACCES), |folder| fs::rename(folder.join("old"), folder.join("../arwen-sandbox-test"))),
];

const RW: i32 = libc::PROT_READ | libc::PROT_WRITE;
const RX: i32 = libc::PROT_READ | libc::PROT_EXEC;
const RWX: i32 = RW | RX;
const PAGE: i64 = 65_536;
/// The largest image an engine makes, in bytes.
const LIMITED: i64 = arwen_eei::needs::FILE_BYTES as i64;

fn call(number: i64, arguments: &[i64]) -> io::Result<()> {
    value(number, arguments).map(drop)
}

fn value(number: i64, arguments: &[i64]) -> io::Result<i64> {
    let mut six = [0; 6];
    six[..arguments.len()].copy_from_slice(arguments);
    let [a, b, c, d, e, f] = six;
    // SAFETY: a process that is made to try this one call. No caller passes addresses of anything that is in use.
    match unsafe { libc::syscall(number, a, b, c, d, e, f) } {
        -1 => Err(io::Error::last_os_error()),
        value => Ok(value),
    }
}

fn own() -> i64 {
    std::process::id().into()
}

fn parent() -> i64 {
    std::os::unix::process::parent_id().into()
}

fn map(access: i32, sharing: i32) -> io::Result<i64> {
    let flags = sharing | libc::MAP_ANONYMOUS;
    value(libc::SYS_mmap, &[0, PAGE, access.into(), flags.into(), -1, 0])
}

fn protect(address: i64, access: i32) -> io::Result<()> {
    call(libc::SYS_mprotect, &[address, PAGE, access.into()])
}

fn image(bytes: i64) -> io::Result<()> {
    let file = value(
        libc::SYS_memfd_create,
        &[c"image".as_ptr() as i64, libc::MFD_ALLOW_SEALING.into()],
    )?;
    call(libc::SYS_ftruncate, &[file, bytes])?;
    call(
        libc::SYS_fcntl,
        &[file, libc::F_ADD_SEALS.into(), libc::F_SEAL_WRITE.into()],
    )
}

fn in_thread(work: fn() -> io::Result<()>) -> io::Result<()> {
    thread::spawn(work)
        .join()
        .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

#[expect(unconditional_recursion, reason = "the stack is to overflow")]
fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    deeper(depth + 1) + frame[3]
}

fn sandbox(under: Under, folder: &Path) -> Sandbox {
    Sandbox {
        mode: if matches!(under, Under::Off) {
            Mode::Off
        } else {
            Mode::Require
        },
        cache: matches!(under, Under::Cache).then(|| folder.to_owned()),
        native_code: !matches!(under, Under::Interpreter),
    }
}

/// Locks this process in, tries, and reports by its exit code: 0, or an error number.
fn try_it(under: Under, folder: &Path, work: impl FnOnce() -> io::Result<()>) -> ! {
    if let Err(error) = lock_down(&sandbox(under, folder)) {
        eprintln!("{error}");
        exit(255);
    }
    match work() {
        Ok(()) => exit(0),
        Err(error) => exit(error.raw_os_error().unwrap_or(254)),
    }
}

/// Runs this program with `what` to try, and tells how it ended.
fn outcome(what: &str) -> Result<End, Failed> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("old"), "")?;
    let mut command = Command::new(env::current_exe()?);
    command
        .args([TRY, what])
        .arg(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    // SAFETY: between `fork` and `exec`: one call that takes no pointer and touches no memory.
    unsafe {
        command.pre_exec(|| match libc::dup2(0, FORGOTTEN) {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    let output = command.output()?;
    match (output.status.code(), output.status.signal()) {
        (Some(0), _) => Ok(Done),
        (Some(code @ 1..254), _) => Ok(Fails(code)),
        (_, Some(signal)) => Ok(Killed(signal)),
        _ => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}

/// An attempt made with the bare call of a row: which settings, and how it must end.
fn bare(call: &Call) -> Option<(Under, End)> {
    // Calls that end or wait when they are allowed, and those that end differently from case to case.
    let own_way = ["exit", "exit_group", "rt_sigreturn", "restart_syscall"];
    match (call.verdict, call.need) {
        _ if call.number.is_none() || own_way.contains(&call.name) => None,
        (Verdict::Kill, _) => Some((Under::Cache, SIGSYS)),
        (Verdict::Absent, _) => Some((Under::Cache, Fails(libc::ENOSYS))),
        (Verdict::Allow, Need::Always | Need::Native) if call.when.is_empty() => Some((Under::Default, Done)),
        (Verdict::Allow, Need::Cache) => Some((Under::Cache, Done)),
        (Verdict::Allow, _) => None,
    }
}

/// Makes the call of a row with arguments that no call can do anything with, or those that the row is about. Anything
/// but a refusal counts as done.
fn make_bare(row: &Call) -> io::Result<()> {
    let mut arguments = [if row.verdict == Verdict::Allow { -1 } else { 0 }; 6];
    for (index, test) in row.when.iter().flat_map(|list| *list) {
        if let Test::Bits { value, .. } | Test::Is(value) = test {
            arguments[usize::from(*index)] = i64::from(*value);
        }
    }
    match call(row.number.unwrap_or(-1), &arguments) {
        Err(error) if row.verdict == Verdict::Allow && error.raw_os_error() != Some(libc::EPERM) => Ok(()),
        result => result,
    }
}

fn same(found: End, wanted: End) -> Result<(), Failed> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{found:?}, not {wanted:?}").into())
}

fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = ATTEMPTS
        .iter()
        .map(|attempt| Trial::test(attempt.name, || same(outcome(attempt.name)?, attempt.end)))
        .collect();
    for (index, call) in CALLS.iter().enumerate() {
        let what = index.to_string();
        if let Some((_, end)) = bare(call) {
            let name = format!("{:?} {}", call.verdict, call.name);
            trials.push(Trial::test(name, move || same(outcome(&what)?, end)));
        }
    }
    trials.push(Trial::test("rows are not repeated and say why", rows_are_whole));
    trials.push(Trial::test("a process with threads is not locked in", too_late));
    trials.push(Trial::test("limits leave room for an engine", limits_leave_room));
    trials.push(Trial::test(
        "a cache folder that is not there is an error",
        no_cache,
    ));
    trials
}

fn rows_are_whole() -> Result<(), Failed> {
    for (index, call) in CALLS.iter().enumerate() {
        let twin =
            |other: &&Call| (other.name, other.verdict, other.need) == (call.name, call.verdict, call.need);
        same(
            if CALLS[..index].iter().any(|other| twin(&other)) {
                Fails(0)
            } else {
                Done
            },
            Done,
        )
        .map_err(|_| format!("{} twice", call.name))?;
        if call.why.is_empty() || call.when.is_empty() != call.only.is_empty() {
            return Err(format!("{} lacks words", call.name).into());
        }
    }
    Ok(())
}

fn too_late() -> Result<(), Failed> {
    match lock_down(&sandbox(Under::Default, Path::new("/"))) {
        // The harness runs trials on threads.
        Err(SandboxError::Threads(threads)) if threads > 1 => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn limits_leave_room() -> Result<(), Failed> {
    for under in [Under::Default, Under::Cache] {
        let sandbox = sandbox(under, Path::new("/"));
        let amount = |name| {
            LIMITS
                .iter()
                .find(|limit| limit.name == name)
                .map(|limit| (limit.amount)(&sandbox))
        };
        let enough = amount("RLIMIT_NOFILE") > Some(8 + 2 * arwen_eei::needs::OPEN_FILES as u64)
            && amount("RLIMIT_FSIZE") >= Some(arwen_eei::needs::FILE_BYTES as u64);
        same(if enough { Done } else { Fails(0) }, Done)?;
    }
    Ok(())
}

fn no_cache() -> Result<(), Failed> {
    match outcome("no cache")? {
        Fails(code) if code == libc::ENOENT => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

fn main() {
    let arguments: Vec<PathBuf> = env::args_os().map(PathBuf::from).collect();
    if let [_, first, what, folder] = &arguments[..]
        && first == Path::new(TRY)
    {
        let what = what.to_string_lossy();
        if what == "no cache" {
            match lock_down(&sandbox(Under::Cache, &folder.join("nowhere"))) {
                Err(SandboxError::Cache(_)) => exit(libc::ENOENT),
                _ => exit(255),
            }
        }
        if let Some(attempt) = ATTEMPTS.iter().find(|attempt| attempt.name == what) {
            try_it(attempt.under, folder, || (attempt.work)(folder));
        }
        let row = what.parse().ok().and_then(|index: usize| CALLS.get(index));
        match row.and_then(|row| Some((row, bare(row)?.0))) {
            Some((row, under)) => try_it(under, folder, || make_bare(row)),
            None => exit(255),
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials()).exit();
}
