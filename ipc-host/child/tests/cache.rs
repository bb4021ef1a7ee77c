//! The folder of compiled code: what is kept is found again, whatever else lies there costs time at most.

use std::fmt::Display;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use arwen_engine::{Artefacts, Config, Engine, Module, Ruleset, TierStatus};
use arwen_ipc_child::cache::{CacheError, CacheKey, Folder, KEY_FILE};
use tempfile::TempDir;

const NO_LIMIT: u64 = u64::MAX;

/// A folder for this user alone.
fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// What a process has of the cache: an engine, and what it was told.
struct Process {
    engine: Engine,
    told: Arc<Mutex<Vec<String>>>,
}

impl Process {
    fn new(folder: &Path, limit: u64) -> Self {
        let CacheKey(key) = CacheKey::of(folder).unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let list = told.clone();
        let tell = move |message: &str, _: &str, why: &dyn Display| {
            list.lock().unwrap().push(format!("{message}: {why}"));
        };
        let store = Arc::new(Folder::new(folder, limit, Box::new(tell)));
        let config = Config::new(&Ruleset::ARWEN_1_3).artefacts(Some(Artefacts::new(store, &key)));
        Self {
            engine: Engine::new(config),
            told,
        }
    }

    /// Makes module `number` native, and gives what was told meanwhile.
    fn make(&self, number: u8) -> Vec<String> {
        let module = Module::new(&self.engine, &wasm(number)).unwrap();
        assert_eq!(module.tier_status(), TierStatus::Native);
        std::mem::take(&mut self.told.lock().unwrap())
    }
}

/// A module of one function; all have the same length, and none is the same as another.
fn wasm(number: u8) -> Vec<u8> {
    let module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x04\x01\x02\0\x0b";
    [&module[..], &[0, 2, 1, number]].concat()
}

/// The files of artefacts, by name.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.file_name().unwrap() != KEY_FILE);
    files.sort();
    files
}

/// Lets a file have been used so many seconds ago.
fn age(path: &Path, seconds: u64) {
    let time = SystemTime::now() - Duration::from_secs(seconds);
    fs::File::open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn the_next_process_finds_what_one_has_kept() {
    let folder = folder();
    assert_eq!(Process::new(folder.path(), NO_LIMIT).make(1), [""; 0]);
    let [file] = &kept(folder.path())[..] else {
        panic!("one file")
    };
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    // Written again, it would be new in full.
    age(file, 1000);
    let bytes = fs::read(file).unwrap();
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let before = inode(file);
    assert_eq!(Process::new(folder.path(), NO_LIMIT).make(1), [""; 0]);
    assert_eq!((inode(file), fs::read(file).unwrap()), (before, bytes));
    let used = fs::metadata(file).unwrap().modified().unwrap();
    assert!(
        used.elapsed().unwrap() < Duration::from_secs(500),
        "it was used just now"
    );
}

#[test]
fn what_is_no_artefact_is_removed_and_made_again() {
    let folder = folder();
    let process = Process::new(folder.path(), NO_LIMIT);
    process.make(1);
    let [file] = &kept(folder.path())[..] else {
        panic!("one file")
    };
    let good = fs::read(file).unwrap();
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    for bytes in [
        vec![],
        good[1..].to_vec(),
        flipped(0),
        flipped(40),
        flipped(good.len() - 1),
    ] {
        fs::write(file, &bytes).unwrap();
        let told = process.make(1);
        assert!(
            told.len() == 1 && told[0].starts_with("compiled code is refused, and removed: "),
            "{told:?}"
        );
        assert_eq!(fs::read(file).unwrap(), good);
    }
    // The code of another module under this name.
    process.make(2);
    let files = kept(folder.path());
    let other = files.iter().find(|path| *path != file).unwrap();
    fs::copy(other, file).unwrap();
    assert_eq!(
        process.make(1),
        ["compiled code is refused, and removed: not authentic"]
    );
    // Everything under another key.
    fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
    assert_eq!(Process::new(folder.path(), NO_LIMIT).make(1), [""; 0]);
    assert_eq!(kept(folder.path()).len(), 3);
}

#[test]
fn what_is_no_file_is_not_followed_and_not_waited_for() {
    let folder = folder();
    let process = Process::new(folder.path(), NO_LIMIT);
    process.make(1);
    let [file] = &kept(folder.path())[..] else {
        panic!("one file")
    };
    let elsewhere = folder.path().join("elsewhere");
    fs::rename(file, &elsewhere).unwrap();
    symlink(&elsewhere, file).unwrap();
    assert!(process.make(1)[0].starts_with("cannot open compiled code: "));
    assert!(fs::symlink_metadata(file).unwrap().is_file(), "replaced");
    fs::remove_file(file).unwrap();
    fs::create_dir(file).unwrap();
    let told = process.make(1);
    assert_eq!(told[0], "cannot open compiled code: not a file");
    assert!(told[1].starts_with("cannot keep compiled code: "), "{told:?}");
    fs::remove_dir(file).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, file, rustix::fs::Mode::RUSR).unwrap();
    assert_eq!(process.make(1), ["cannot open compiled code: not a file"]);
    assert_eq!(process.make(1), [""; 0]);
}

#[test]
fn many_writers_of_the_same_files_leave_them_whole() {
    let folder = folder();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            // Each as a process of its own would: they share nothing but the folder.
            scope.spawn(|| {
                for round in 0..40 {
                    let process = Process::new(folder.path(), NO_LIMIT);
                    assert_eq!(process.make(round % 4), [""; 0]);
                }
            });
        }
    });
    assert_eq!(kept(folder.path()).len(), 4);
    let process = Process::new(folder.path(), NO_LIMIT);
    for number in 0..4 {
        assert_eq!(process.make(number), [""; 0]);
    }
}

#[test]
fn a_full_folder_forgets_what_was_used_longest_ago() {
    let folder = folder();
    let roomy = Process::new(folder.path(), NO_LIMIT);
    roomy.make(1);
    let [first] = &kept(folder.path())[..] else {
        panic!("one file")
    };
    let len = fs::metadata(first).unwrap().len();
    roomy.make(2);
    let files = kept(folder.path());
    let second = files.iter().find(|path| *path != first).unwrap();
    // What a writer left that did not end well counts too, and is of no use.
    let left = folder.path().join("part-1-1");
    fs::write(&left, vec![0; len as usize]).unwrap();
    fs::write(folder.path().join("something else"), "of somebody else").unwrap();
    age(&left, 300);
    age(first, 200);
    age(second, 100);
    let tight = Process::new(folder.path(), 3 * len);
    // Used, so it is not the oldest any longer.
    tight.make(1);
    assert_eq!(tight.make(3), [""; 0]);
    assert!(!left.exists() && first.exists() && second.exists());
    assert_eq!(tight.make(4), [""; 0]);
    assert!(first.exists() && !second.exists());
    assert!(folder.path().join("something else").exists());
    let none = Process::new(folder.path(), len - 1);
    let told = none.make(5);
    assert!(
        told.len() == 1 && told[0].starts_with("cannot keep compiled code: "),
        "{told:?}"
    );
}

#[test]
fn a_folder_that_is_gone_costs_time_alone() {
    let folder = folder();
    let process = Process::new(folder.path(), NO_LIMIT);
    fs::remove_dir_all(folder.path()).unwrap();
    assert_eq!(process.make(1).len(), 1);
}

#[test]
fn a_key_is_made_once_and_for_its_owner_alone() {
    let folder = folder();
    let path = folder.path().join(KEY_FILE);
    let CacheKey(key) = CacheKey::of(folder.path()).unwrap();
    assert_ne!(key, [0; 32]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(CacheKey::of(folder.path()).unwrap().0, key);
    assert_eq!(kept(folder.path()).len(), 0);

    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for (what, allowed, refused) in [
        (folder.path(), 0o700, 0o720),
        (folder.path(), 0o755, 0o702),
        (&path, 0o600, 0o640),
    ] {
        mode(what, refused);
        assert!(
            matches!(CacheKey::of(folder.path()), Err(CacheError::Shared(..))),
            "{refused:o}"
        );
        mode(what, allowed);
        assert_eq!(CacheKey::of(folder.path()).unwrap().0, key);
    }
    fs::write(&path, [1; 31]).unwrap();
    assert!(matches!(CacheKey::of(folder.path()), Err(CacheError::Length)));
    fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    assert!(matches!(
        CacheKey::of(folder.path()),
        Err(CacheError::Io("the key", _))
    ));
    assert!(matches!(CacheKey::of(&path), Err(CacheError::Shared(..))));
    assert!(matches!(
        CacheKey::of(Path::new("/no/such/folder")),
        Err(CacheError::Io("the folder", _))
    ));
}

#[test]
fn processes_that_make_a_key_at_the_same_time_have_the_same() {
    let folder = folder();
    let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
        let make = || CacheKey::of(folder.path()).unwrap().0;
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}
