//! Contract files.

use std::io;
use std::path::{Path, PathBuf};

use wasmparser::{ExternalKind, Parser, Payload};

/// What a binary module begins with.
const MAGIC: &[u8] = b"\0asm";

/// Why a file is no contract.
#[derive(Debug, thiserror::Error)]
pub enum ModuleFileError {
    #[error("cannot read {}: {error}", .path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    #[error("{} is WebAssembly text; a contract is a binary module", .0.display())]
    Text(PathBuf),
    #[error("{} is no WebAssembly module: it begins with {}, not with 00 61 73 6d", .path.display(), hex(.start))]
    NoModule { path: PathBuf, start: Vec<u8> },
}

fn hex(bytes: &[u8]) -> String {
    let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// Reads a file that begins as a binary module does.
pub fn read(path: &Path) -> Result<Vec<u8>, ModuleFileError> {
    let wasm = std::fs::read(path).map_err(|error| ModuleFileError::Read {
        path: path.to_owned(),
        error,
    })?;
    let path = path.to_owned();
    if wasm.is_empty() {
        Err(ModuleFileError::Empty(path))
    } else if wasm.trim_ascii_start().starts_with(b"(module") {
        Err(ModuleFileError::Text(path))
    } else if !wasm.starts_with(MAGIC) {
        let start = wasm[..wasm.len().min(MAGIC.len())].to_vec();
        Err(ModuleFileError::NoModule { path, start })
    } else {
        Ok(wasm)
    }
}

/// The functions that a module exports, as far as it can be read.
pub fn exported_functions(wasm: &[u8]) -> Vec<String> {
    let sections = Parser::new(0).parse_all(wasm).map_while(Result::ok);
    let exports = sections.filter_map(|payload| match payload {
        Payload::ExportSection(exports) => Some(exports),
        _ => None,
    });
    exports
        .flat_map(|exports| exports.into_iter().map_while(Result::ok))
        .filter(|export| export.kind == ExternalKind::Func)
        .map(|export| export.name.to_owned())
        .collect()
}
