//! Where the child's program is.

use std::path::{Path, PathBuf};

/// The environment variable that leads to the program when the working directory does not hold it.
pub const PATH_VARIABLE: &str = "ARWEN_PATH";

/// The program to start: `explicit` if given, else `arwen` in the working directory, else what `ARWEN_PATH` says.
/// `None` when none of them is a file.
pub fn find_program(explicit: Option<&Path>) -> Option<PathBuf> {
    match explicit {
        Some(path) => Some(path.to_owned()),
        None => {
            let here = std::env::current_dir().ok().map(|folder| folder.join("arwen"));
            let named = std::env::var_os(PATH_VARIABLE).map(PathBuf::from);
            here.into_iter().chain(named).find(|path| path.is_file())
        }
    }
}
