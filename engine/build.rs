//! Names this build, for caches of compiled code: everything that can shape the code or what it means goes into the
//! name, so that no number has to be raised by hand when something changes.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is read, from the folder of this crate: the sources of the two crates whose types lie in a cached file, and
/// the versions of all that is built.
const SOURCES: [&str; 4] = ["src", "../metering/src", "../Cargo.toml", "../Cargo.lock"];

/// Variables that say how it is built. Paths are left out: they differ where the code does not.
const SETTINGS: [&str; 5] = [
    "TARGET",
    "OPT_LEVEL",
    "DEBUG",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_CFG_DEBUG_ASSERTIONS",
];

fn main() -> std::io::Result<()> {
    let mut contents: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        read(Path::new(source), &mut contents)?;
    }
    println!("cargo:rerun-if-changed=build.rs");
    let settings = SETTINGS.map(|name| (name, env::var_os(name)));
    let features: BTreeMap<OsString, OsString> = env::vars_os()
        .filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_FEATURE_"))
        .collect();
    let compiler = Command::new(env::var_os("RUSTC").unwrap_or("rustc".into()))
        .arg("-vV")
        .output()?
        .stdout;
    // Two hashes of 64 bits: enough against accidents. Files of others are told by a secret, not by this.
    let name = [0u8, 1].map(|half| {
        let mut hasher = DefaultHasher::new();
        (half, &contents, &settings, &features, &compiler).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    });
    println!("cargo:rustc-env=ARWEN_ENGINE_BUILD={}", name.concat());
    Ok(())
}

/// Reads a file, or every file below a folder.
fn read(path: &Path, contents: &mut BTreeMap<PathBuf, Vec<u8>>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            read(&entry?.path(), contents)?;
        }
    } else if path.exists() {
        contents.insert(path.to_owned(), fs::read(path)?);
    }
    Ok(())
}
