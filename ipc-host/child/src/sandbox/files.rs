//! The file system, and other objects of the kernel that have names, closed by Landlock.

use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// What every kernel with Landlock can refuse.
const OLDEST: ABI = ABI::V1;
/// What is asked for where the kernel can.
const NEWEST: ABI = ABI::V6;

/// What is done in the cache folder.
fn allowed() -> BitFlags<AccessFs> {
    AccessFs::ReadFile
        | AccessFs::WriteFile
        | AccessFs::ReadDir
        | AccessFs::MakeReg
        | AccessFs::MakeDir
        | AccessFs::RemoveFile
        | AccessFs::Refer
        | AccessFs::Truncate
}

/// Why nothing is closed.
pub(super) enum FilesError {
    /// The cache folder cannot be opened.
    Cache(String),
    /// The kernel cannot close anything.
    Kernel(String),
}

impl From<RulesetError> for FilesError {
    fn from(error: RulesetError) -> Self {
        Self::Kernel(error.to_string())
    }
}

/// Closes everything but `cache`. Returns what the kernel has no means to close, if there is something.
///
/// # Errors
/// Nothing is closed.
pub(super) fn close(cache: Option<&Path>) -> Result<Option<String>, FilesError> {
    let status = restrict(cache)?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::FullyEnforced, _) => Ok(None),
        (RulesetStatus::PartiallyEnforced, LandlockStatus::Available { effective_abi, .. }) => {
            Ok(Some(format!(
                "Landlock {} of {}: the network, signals or devices are left to the other layers",
                effective_abi as i32, NEWEST as i32
            )))
        }
        (_, status) => Err(FilesError::Kernel(format!("Landlock: {status:?}"))),
    }
}

fn restrict(cache: Option<&Path>) -> Result<RestrictionStatus, FilesError> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(OLDEST))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    if let Some(folder) = cache {
        let opened = PathFd::new(folder).map_err(|error| FilesError::Cache(error.to_string()))?;
        rules = rules.add_rule(PathBeneath::new(opened, allowed()))?;
    }
    Ok(rules.restrict_self()?)
}
