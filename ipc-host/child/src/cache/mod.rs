//! Compiled contracts in a folder, so that a child that is started anew need not compile them again.
//!
//! [`CacheKey::of`] makes or reads the key of a folder, before the child is locked in; [`Folder`] is what the engine
//! keeps its artefacts in. `docs/ipc.md` says who may write to such a folder.

mod key;

use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use arwen_eei::{ArtefactError, ArtefactName, ArtefactStore, StoredArtefact};

pub use key::{CacheError, CacheKey, KEY_FILE};

/// How the name of a complete file ends, after the artefact's.
const COMPLETE: &str = ".native";
/// How the name of a file begins that is being written, or was when its writer ended.
const PART: &str = "part-";

/// Numbers files being written, whichever folder they are in.
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// Is told what went wrong, with which file, and why. No reply depends on it.
pub type Tell = Box<dyn Fn(&str, &str, &dyn Display) + Send + Sync>;

/// A folder of artefacts, shared with any number of other processes.
///
/// A file has its name only when it is complete and on disk; writing the same one at the same time in two processes
/// leaves either. Before a file would be too much, those are removed whose last use is longest ago.
pub struct Folder {
    path: PathBuf,
    /// Most bytes of all files together. Two processes that write at the same time may each add a file to that.
    limit: u64,
    tell: Tell,
}

impl Folder {
    /// The folder at `path`, with at most `limit` bytes in its files.
    pub fn new(path: &Path, limit: u64, tell: Tell) -> Self {
        Self {
            path: path.to_owned(),
            limit,
            tell,
        }
    }

    fn path_of(&self, name: &ArtefactName) -> PathBuf {
        self.path.join(format!("{name}{COMPLETE}"))
    }

    fn find(&self, name: &ArtefactName) -> io::Result<StoredArtefact<'_>> {
        // Whatever lies there is not followed and not waited for.
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let mut options = OpenOptions::new();
        let file = options.read(true).custom_flags(flags).open(self.path_of(name))?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("not a file"));
        }
        // Says that it was used. If that cannot be said, it is forgotten the sooner.
        let _ = file.set_modified(SystemTime::now());
        Ok(StoredArtefact {
            len: about.len(),
            bytes: Box::new(file),
        })
    }

    fn keep(&self, name: &ArtefactName, parts: &[&[u8]]) -> io::Result<()> {
        let len = parts.iter().map(|part| part.len() as u64).sum();
        let path = self.path_of(name);
        self.make_room(len, &path)?;
        let (part, mut file) = part(&self.path)?;
        let written = parts.iter().try_for_each(|bytes| file.write_all(bytes));
        let named = written
            .and_then(|()| file.sync_data())
            .and_then(|()| fs::rename(&part, &path));
        if named.is_err() {
            // Ours, and of no use. If it stays, it is the first to go when room is needed.
            let _ = fs::remove_file(&part);
        }
        named
    }

    /// Removes files until `len` more bytes fit, beside the file at `replaced`.
    fn make_room(&self, len: u64, replaced: &Path) -> io::Result<()> {
        let mut files: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if !name.ends_with(COMPLETE) && !name.starts_with(PART) || entry.path() == replaced {
                continue;
            }
            // One that is gone meanwhile takes no room.
            let Ok(about) = entry.metadata() else { continue };
            let used = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((used, about.len(), entry.path()));
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, len, _)| len).sum();
        let mut oldest = files.into_iter();
        while total.saturating_add(len) > self.limit {
            let Some((_, len, path)) = oldest.next() else {
                return Err(io::Error::other(format!(
                    "{len} bytes, the cache may have {} in all",
                    self.limit
                )));
            };
            remove(&path)?;
            total -= len;
        }
        Ok(())
    }
}

impl ArtefactStore for Folder {
    fn open(&self, name: &ArtefactName) -> Option<StoredArtefact<'_>> {
        match self.find(name) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                (self.tell)("cannot open compiled code", &name.to_string(), &error);
                None
            }
        }
    }

    fn save(&self, name: &ArtefactName, parts: &[&[u8]]) {
        if let Err(error) = self.keep(name, parts) {
            (self.tell)("cannot keep compiled code", &name.to_string(), &error);
        }
    }

    fn refused(&self, name: &ArtefactName, why: &ArtefactError) {
        (self.tell)("compiled code is refused, and removed", &name.to_string(), why);
        if let Err(error) = remove(&self.path_of(name)) {
            (self.tell)("cannot remove compiled code", &name.to_string(), &error);
        }
    }
}

/// Removes a file, unless another process has.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A file to be written, of nobody else's, that only this user may read.
fn part(folder: &Path) -> io::Result<(PathBuf, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    loop {
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{PART}{}-{serial}", process::id()));
        match options.open(&path) {
            // Left by a process of the same number, or of one that sees other numbers.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
}
