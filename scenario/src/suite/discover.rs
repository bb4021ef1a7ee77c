//! Finds scenario files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::GasSchedule;
use crate::run;

/// Files of this name are scenarios; all others are included by them, or something else.
const SUFFIX: &str = ".scen.json";

/// A scenario to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Where it is.
    pub path: PathBuf,
    /// Its path, as it was found.
    pub name: String,
    /// The prices to run it at; its own when `None`.
    pub schedule: Option<GasSchedule>,
}

/// A path that leads to no scenarios.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}")]
pub struct DiscoverError {
    /// The path.
    pub path: PathBuf,
    /// Why.
    pub error: std::io::Error,
}

/// The scenarios in files and, recursively, folders: in the order given, and by name within a folder. A file that is named
/// itself counts whatever its name is.
///
/// The reference sets up one VM for a folder and gives it the prices that the first scenario asks for; later wishes are
/// ignored. So here all files of a folder run at the prices of the first one that can be parsed, filtered out or not. A file
/// that is named itself runs at its own.
///
/// # Errors
/// The first path that cannot be read.
pub fn discover(paths: &[PathBuf]) -> Result<Vec<Case>, DiscoverError> {
    let mut cases = Vec::new();
    for path in paths {
        let error = |error| DiscoverError {
            path: path.clone(),
            error,
        };
        if std::fs::metadata(path).map_err(error)?.is_dir() {
            let mut files = Vec::new();
            walk(path, &mut files)?;
            cases.extend(with_schedules(files));
        } else {
            cases.push(case(path.clone(), None));
        }
    }
    Ok(cases)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), DiscoverError> {
    let error = |error| DiscoverError {
        path: folder.to_owned(),
        error,
    };
    let mut entries = std::fs::read_dir(folder)
        .and_then(|entries| entries.collect::<Result<Vec<_>, _>>())
        .map_err(error)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        // A link to a folder is not followed, so that there is an end.
        if entry.file_type().map_err(error)?.is_dir() {
            walk(&entry.path(), files)?;
        } else if entry.file_name().to_string_lossy().ends_with(SUFFIX) {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn with_schedules(files: Vec<PathBuf>) -> Vec<Case> {
    let mut of_folder = BTreeMap::<PathBuf, GasSchedule>::new();
    files
        .into_iter()
        .map(|path| {
            let folder = path.parent().map(Path::to_owned).unwrap_or_default();
            let schedule = of_folder.get(&folder).copied().or_else(|| {
                let schedule = run::load(&path).ok()?.gas_schedule;
                of_folder.insert(folder, schedule);
                Some(schedule)
            });
            case(path, schedule)
        })
        .collect()
}

fn case(path: PathBuf, schedule: Option<GasSchedule>) -> Case {
    let name = path.to_string_lossy().into_owned();
    Case { path, name, schedule }
}
