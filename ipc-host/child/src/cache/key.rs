//! The key of a folder: what tells our files in it from others'.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::process::geteuid;
use thiserror::Error;

/// The file in the folder that holds its key.
pub const KEY_FILE: &str = "key";

/// Bytes of a key.
const KEY_BYTES: usize = 32;

/// Permission bits by which others than the owner may write; by which they may do anything at all.
const OTHERS_WRITE: u32 = 0o022;
const OTHERS_ANYTHING: u32 = 0o077;

/// Why a folder is not used.
#[derive(Debug, Error)]
pub enum CacheError {
    /// It cannot be looked at, or its key cannot be made or read.
    #[error("{0}: {1}")]
    Io(&'static str, io::Error),
    /// Somebody else could put code there, or read the key.
    #[error("{0} belongs to user {1}, or others than its owner may use it (mode {2:o})")]
    Shared(&'static str, u32, u32),
    /// The key has another length.
    #[error("the key is not a file of {KEY_BYTES} bytes")]
    Length,
}

/// The secret by which the files of a folder are found authentic.
pub struct CacheKey(pub [u8; KEY_BYTES]);

impl std::fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CacheKey")
    }
}

impl CacheKey {
    /// The key in a folder, which is made if there is none. To be called while every file can be opened.
    ///
    /// # Errors
    /// The folder is not for this user alone to write, or the key not for this user alone to read, or one of them
    /// cannot be used at all.
    pub fn of(folder: &Path) -> Result<Self, CacheError> {
        let about = fs::metadata(folder).map_err(|error| CacheError::Io("the folder", error))?;
        owned("the folder", &about, OTHERS_WRITE)?;
        let path = folder.join(KEY_FILE);
        match read(&path) {
            Err(CacheError::Io(_, error)) if error.kind() == io::ErrorKind::NotFound => {
                make(folder, &path).map_err(|error| CacheError::Io("a key", error))?;
                read(&path)
            }
            other => other,
        }
    }
}

fn owned(what: &'static str, about: &fs::Metadata, forbidden: u32) -> Result<(), CacheError> {
    let (owner, mode) = (about.uid(), about.mode() & 0o7777);
    if owner != geteuid().as_raw() || mode & forbidden != 0 {
        return Err(CacheError::Shared(what, owner, mode));
    }
    Ok(())
}

fn read(path: &Path) -> Result<CacheKey, CacheError> {
    let failed = |error| CacheError::Io("the key", error);
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let mut options = OpenOptions::new();
    let mut file = options
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    owned("the key", &about, OTHERS_ANYTHING)?;
    if !about.is_file() || about.len() != KEY_BYTES as u64 {
        return Err(CacheError::Length);
    }
    let mut key = [0; KEY_BYTES];
    file.read_exact(&mut key).map_err(failed)?;
    Ok(CacheKey(key))
}

/// Makes a key. Of several processes that do at the same time, one wins.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let mut key = [0; KEY_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut key)?;
    let (part, mut file) = super::part(folder)?;
    file.write_all(&key)?;
    file.sync_data()?;
    // Gives the complete file its name, unless there is one of this name.
    let named = match fs::hard_link(&part, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        named => named,
    };
    fs::remove_file(&part)?;
    named
}
