//! What an engine takes from the system beside memory and threads, for those who limit it.

use crate::runtime::mapping::SYSTEM_PAGE;
use crate::runtime::pool::{MAX_IMAGE, MAX_IMAGES};

/// Files an engine has open at most.
pub const OPEN_FILES: usize = MAX_IMAGES;

/// The largest file an engine writes, in bytes. The files have no names and lie in memory.
pub const FILE_BYTES: usize = MAX_IMAGE + 2 * SYSTEM_PAGE;
