//! The same C, compiled for this machine and loaded into this process's peer: a small program that waits for a
//! line, runs the kernel, and answers with its result.

use std::path::Path;
use std::process::{Command, Stdio};

use super::program::Running;
use super::{Engine, Prepared};
use crate::kernels::{self, Kernel};

/// Answers every line on stdin with one run: its result and its processor time in nanoseconds.
const DRIVER: &str = r#"
#include <stdio.h>
#include <time.h>
long long run(void);
static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}
int main(void) {
    int c;
    while ((c = getchar()) != EOF) {
        long long start = now();
        long long result = run();
        printf("%lld %lld\n", result, now() - start);
        fflush(stdout);
    }
}
"#;

struct Native {
    name: &'static str,
    compiler: &'static str,
    flags: &'static [&'static str],
}

pub fn all() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(Native {
            name: super::UNIT,
            compiler: "gcc",
            flags: &["-O2", "-fno-tree-loop-distribute-patterns"],
        }),
        Box::new(Native {
            name: "native clang -O2",
            compiler: "clang",
            flags: &["-O2", "-fno-builtin"],
        }),
    ]
}

impl Engine for Native {
    fn name(&self) -> &str {
        self.name
    }

    fn prepare(&self, kernel: &Kernel) -> Option<Prepared> {
        let folder = tempfile::tempdir().ok()?;
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("k.c"), kernels::SOURCE).ok()?;
        std::fs::write(path("driver.c"), DRIVER).ok()?;
        let object = |source: &str, flags: &[&str]| {
            let status = Command::new(self.compiler)
                .current_dir(folder.path())
                .args(flags)
                .args(["-c", source])
                .stderr(Stdio::null())
                .status();
            status.is_ok_and(|s| s.success())
        };
        let select = format!("-DK_{}", kernel.name.to_uppercase());
        let mut flags = self.flags.to_vec();
        flags.push(&select);
        // Two objects: the driver must not let the compiler look into the kernel.
        if !object("k.c", &flags) || !object("driver.c", &["-O2"]) || !link(self.compiler, folder.path()) {
            return None;
        }
        let mut running = Running::start(&mut Command::new(path("kernel")))?;
        Some(Box::new(move || {
            let _keep = &folder;
            running.turn()
        }))
    }
}

fn link(compiler: &str, folder: &Path) -> bool {
    let status = Command::new(compiler)
        .current_dir(folder)
        .args(["k.o", "driver.o", "-o", "kernel"])
        .status();
    status.is_ok_and(|s| s.success())
}
