//! The environment interface as declarations that contracts include, one file a language, printed from the table.

use std::fmt::Write as _;

use crate::abi::Kind;
use crate::table::{GROUPS, HostFn};

/// A language in which the interface is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C and C++.
    C,
    /// Rust, for `include!` or as a module.
    Rust,
    /// AssemblyScript.
    AssemblyScript,
    /// Zig.
    Zig,
}

/// Columns of a comment.
const WIDTH: usize = 110;

impl Language {
    /// Every language.
    pub const ALL: [Self; 4] = [Self::C, Self::Rust, Self::AssemblyScript, Self::Zig];

    /// The name of its file in `examples/include/`.
    pub fn file(self) -> &'static str {
        match self {
            Self::C => "arwen.h",
            Self::Rust => "arwen.rs",
            Self::AssemblyScript => "arwen.ts",
            Self::Zig => "arwen.zig",
        }
    }

    /// The file. A test compares it with the committed one.
    pub fn declarations(self) -> String {
        let count: usize = GROUPS.iter().map(|group| group.rows.len()).sum();
        let mut text = format!(
            "{slashes} The environment interface: the {count} functions a contract may import, all from module `env`.\n\
             {slashes} Generated from `eei/src/table/`; do not edit. `docs/eei.md` adds what each costs.\n\
             {head}",
            slashes = self.module_comment(),
            head = self.head(),
        );
        for group in &GROUPS {
            let _ = write!(text, "\n{}\n", self.section(group.title));
            for row in group.rows {
                self.row(&mut text, row);
            }
        }
        text.push_str(self.tail());
        text
    }

    fn module_comment(self) -> &'static str {
        match self {
            Self::C | Self::AssemblyScript | Self::Rust => "//",
            Self::Zig => "//!",
        }
    }

    fn head(self) -> &'static str {
        match self {
            Self::C => {
                "#ifndef ARWEN_H\n#define ARWEN_H\n\n#include <stdint.h>\n\n\
                 #ifdef __cplusplus\nextern \"C\" {\n#endif\n\n\
                 #define ARWEN_IMPORT(name) __attribute__((import_module(\"env\"), import_name(#name))) extern\n\n\
                 typedef int32_t BigInt; /* the handle of a big integer */\n"
            }
            Self::Rust => {
                "\n/// The handle of a big integer.\npub type BigInt = i32;\n\n\
                 #[link(wasm_import_module = \"env\")]\nextern \"C\" {"
            }
            Self::AssemblyScript => "\n/** The handle of a big integer. */\nexport type BigInt = i32;\n",
            Self::Zig => "\n/// The handle of a big integer.\npub const BigInt = i32;\n",
        }
    }

    fn tail(self) -> &'static str {
        match self {
            Self::C => "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n",
            Self::Rust => "}\n",
            Self::AssemblyScript | Self::Zig => "",
        }
    }

    fn section(self, title: &str) -> String {
        match self {
            Self::C => format!("/* ---- {title} ---- */"),
            Self::Rust => format!("    // ---- {title} ----"),
            Self::AssemblyScript | Self::Zig => format!("// ---- {title} ----"),
        }
    }

    fn row(self, text: &mut String, row: &HostFn) {
        text.push('\n');
        self.doc(text, row.doc);
        let params: Vec<String> = row.params().map(|(name, kind)| self.param(&name, kind)).collect();
        let name = row.name;
        let result = row.result.map(|kind| self.ty(kind));
        let line = match self {
            Self::C => {
                let params = if params.is_empty() {
                    "void".to_owned()
                } else {
                    params.join(", ")
                };
                format!(
                    "ARWEN_IMPORT({name})\n{} {name}({params});",
                    result.unwrap_or("void")
                )
            }
            Self::Rust => {
                let result = result.map(|ty| format!(" -> {ty}")).unwrap_or_default();
                format!("    pub fn {name}({}){result};", params.join(", "))
            }
            Self::AssemblyScript => format!(
                "@external(\"env\", \"{name}\")\nexport declare function {name}({}): {};",
                params.join(", "),
                result.unwrap_or("void")
            ),
            Self::Zig => format!(
                "pub extern \"env\" fn {name}({}) {};",
                params.join(", "),
                result.unwrap_or("void")
            ),
        };
        let _ = writeln!(text, "{line}");
    }

    fn doc(self, text: &mut String, doc: &str) {
        let (first, next, end) = match self {
            Self::C => ("/* ", " * ", " */"),
            Self::Rust => ("    /// ", "    /// ", ""),
            Self::AssemblyScript => ("/** ", " * ", " */"),
            Self::Zig => ("/// ", "/// ", ""),
        };
        let mut line = first.to_owned();
        for word in doc.split_whitespace() {
            if line.len() + word.len() > WIDTH {
                let _ = writeln!(text, "{}", line.trim_end());
                line = next.to_owned();
            }
            line.push_str(word);
            line.push(' ');
        }
        let _ = writeln!(text, "{}{end}", line.trim_end());
    }

    fn param(self, name: &str, kind: Kind) -> String {
        let ty = self.ty(kind);
        match self {
            Self::C if ty.ends_with('*') => format!("{ty}{name}"),
            Self::C => format!("{ty} {name}"),
            Self::Rust | Self::Zig => format!("{name}: {ty}"),
            Self::AssemblyScript => format!("{}: {ty}", camel_case(name)),
        }
    }

    fn ty(self, kind: Kind) -> &'static str {
        // C, Rust, AssemblyScript, Zig
        let types = match kind {
            Kind::I32 | Kind::Length => ["int32_t", "i32", "i32", "i32"],
            Kind::I64 => ["int64_t", "i64", "i64", "i64"],
            Kind::Pointer => ["const void *", "*const u8", "usize", "[*]const u8"],
            Kind::OutPointer => ["void *", "*mut u8", "usize", "[*]u8"],
            Kind::IntsPointer => ["const int32_t *", "*const i32", "usize", "[*]const i32"],
            Kind::BigInteger => ["BigInt", "BigInt", "BigInt", "BigInt"],
        };
        types[self as usize]
    }
}

/// `key_len` → `keyLen`.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut text = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        text.push_str(&first.to_uppercase());
        text.push_str(rest);
    }
    text
}
