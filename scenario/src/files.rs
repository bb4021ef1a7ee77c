//! Where `file:` expressions and step files are read from.

use std::path::{Path, PathBuf};

use arwen_interface::Bytes;

/// A place that paths are relative to.
pub trait Files {
    /// The contents of a file.
    ///
    /// # Errors
    /// A text that names the file and the reason.
    fn read(&self, path: &str) -> Result<Bytes, String>;
}

/// No files at all.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Result<Bytes, String> {
        Err("parser FileResolver not provided".to_owned())
    }
}

/// Files relative to a directory.
#[derive(Clone, Debug)]
pub struct Directory {
    base: PathBuf,
}

impl Directory {
    /// Paths are relative to the directory `base`.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into() }
    }

    /// Paths are relative to the directory that `file` lies in.
    pub fn of_file(file: &Path) -> Self {
        Self::new(file.parent().unwrap_or(Path::new("")))
    }

    /// The path itself. As in the reference, an absolute path too begins at the directory.
    pub fn resolve(&self, path: &str) -> PathBuf {
        self.base.join(path.trim_start_matches('/'))
    }
}

impl Files for Directory {
    fn read(&self, path: &str) -> Result<Bytes, String> {
        let path = self.resolve(path);
        std::fs::read(&path).map_err(|error| format!("open {}: {error}", path.display()))
    }
}
