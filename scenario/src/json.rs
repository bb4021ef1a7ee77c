//! The JSON dialect of scenario files.
//!
//! Only objects, lists, strings and the literals `true` and `false` exist. Strings are raw: nothing is unescaped, and a
//! quote after a backslash does not end a string. Keys keep their order; of duplicate keys the first wins.

use std::fmt::{self, Write as _};

/// Deeper nesting than any sensible file has; a bound on recursion, not part of the format.
const MAX_DEPTH: usize = 200;

/// A place in a file, both counted from 1; columns count bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pos {
    /// The line.
    pub line: u32,
    /// The byte within the line.
    pub column: u32,
}

impl fmt::Display for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A value and where it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it starts.
    pub pos: Pos,
    /// What it is.
    pub json: Json,
}

/// A value of the dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// Key-value pairs in file order, without duplicates.
    Map(Vec<Entry>),
    /// A list.
    List(Vec<Node>),
    /// A string, raw.
    Str(String),
    /// A literal.
    Bool(bool),
}

/// A key-value pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where the key starts.
    pub pos: Pos,
    /// The key, raw.
    pub key: String,
    /// Its value.
    pub value: Node,
}

/// Why a file is not of the dialect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// Where reading stopped.
    pub pos: Pos,
    /// What is wrong there.
    pub message: String,
}

/// Reads a whole file.
///
/// # Errors
/// The first violation of the dialect.
pub fn parse(text: &str) -> Result<Node, JsonError> {
    let mut reader = Reader {
        bytes: text.as_bytes(),
        text,
        at: 0,
        pos: Pos { line: 1, column: 1 },
    };
    let node = reader.value(0)?;
    reader.skip_whitespace();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.error("unexpected characters at the end")),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    pos: Pos,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn bump(&mut self) {
        if self.peek() == Some(b'\n') {
            self.pos = Pos {
                line: self.pos.line.saturating_add(1),
                column: 1,
            };
        } else {
            self.pos.column = self.pos.column.saturating_add(1);
        }
        self.at += 1;
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.bump();
        }
    }

    fn error(&self, message: impl Into<String>) -> JsonError {
        JsonError {
            pos: self.pos,
            message: message.into(),
        }
    }

    fn end(&self) -> JsonError {
        self.error("state stack should be empty at the end")
    }

    fn value(&mut self, depth: usize) -> Result<Node, JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH} levels")));
        }
        self.skip_whitespace();
        let pos = self.pos;
        let json = match self.peek() {
            None => return Err(self.end()),
            Some(b'{') => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Json::Str(self.string()?),
            Some(b']' | b'}' | b',') => return Err(self.error("misplaced character")),
            Some(_) => self.literal()?,
        };
        Ok(Node { pos, json })
    }

    fn map(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.bump();
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            self.skip_whitespace();
            match self.peek() {
                None => return Err(self.end()),
                Some(b'}') if entries.is_empty() => break,
                Some(b'"') => {}
                Some(_) => return Err(self.error("map key must start with a quote")),
            }
            let pos = self.pos;
            let key = self.string()?;
            self.skip_whitespace();
            match self.peek() {
                None => return Err(self.end()),
                Some(b':') => self.bump(),
                Some(_) => return Err(self.error("invalid character in map definition, colon expected")),
            }
            let value = self.value(depth + 1)?;
            if !entries.iter().any(|entry| entry.key == key) {
                entries.push(Entry { pos, key, value });
            }
            self.skip_whitespace();
            match self.peek() {
                None => return Err(self.end()),
                Some(b'}') => break,
                Some(b',') => self.bump(),
                Some(_) => return Err(self.error("invalid map state")),
            }
        }
        self.bump();
        Ok(Json::Map(entries))
    }

    fn list(&mut self, depth: usize) -> Result<Json, JsonError> {
        self.bump();
        let mut items = Vec::new();
        loop {
            self.skip_whitespace();
            match self.peek() {
                None => return Err(self.end()),
                Some(b']') if items.is_empty() => break,
                Some(_) => items.push(self.value(depth + 1)?),
            }
            self.skip_whitespace();
            match self.peek() {
                None => return Err(self.end()),
                Some(b']') => break,
                Some(b',') => self.bump(),
                Some(_) => return Err(self.error("comma or ] expected after a list item")),
            }
        }
        self.bump();
        Ok(Json::List(items))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.bump();
        let start = self.at;
        let mut previous = b'"';
        loop {
            match self.peek() {
                None => return Err(self.end()),
                Some(b'"') if previous != b'\\' => break,
                Some(byte) => previous = byte,
            }
            self.bump();
        }
        // Both ends are ASCII quotes, so the slice is on character boundaries.
        let text = self.text[start..self.at].to_owned();
        self.bump();
        Ok(text)
    }

    fn literal(&mut self) -> Result<Json, JsonError> {
        let (start, pos) = (self.at, self.pos);
        while !matches!(
            self.peek(),
            None | Some(b']' | b'}' | b',' | b' ' | b'\n' | b'\r' | b'\t')
        ) {
            self.bump();
        }
        match &self.text[start..self.at] {
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            other => Err(JsonError {
                pos,
                message: format!("Invalid value: {other}"),
            }),
        }
    }
}

impl Json {
    /// A string of the dialect.
    pub fn str(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }

    /// A list.
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// A map; its keys must differ.
    pub fn map<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let entry = |(key, value): (K, Self)| Entry {
            pos: Pos::default(),
            key: key.into(),
            value: value.into(),
        };
        Self::Map(entries.into_iter().map(entry).collect())
    }

    /// The text as the reference prints it: four spaces a level, `{}` and `[]` when empty, strings raw.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, indent: usize) {
        fn block<T>(
            out: &mut String,
            indent: usize,
            (open, close): (char, char),
            items: &[T],
            mut item: impl FnMut(&mut String, &T),
        ) {
            out.push(open);
            for (i, it) in items.iter().enumerate() {
                out.push_str(if i == 0 { "\n" } else { ",\n" });
                out.push_str(&"    ".repeat(indent + 1));
                item(out, it);
            }
            if !items.is_empty() {
                out.push('\n');
                out.push_str(&"    ".repeat(indent));
            }
            out.push(close);
        }
        match self {
            Self::Map(entries) => block(out, indent, ('{', '}'), entries, |out, entry| {
                let _ = write!(out, "\"{}\": ", entry.key);
                entry.value.json.write(out, indent + 1);
            }),
            Self::List(items) => {
                block(out, indent, ('[', ']'), items, |out, item| {
                    item.json.write(out, indent + 1)
                });
            }
            Self::Str(text) => {
                let _ = write!(out, "\"{text}\"");
            }
            Self::Bool(value) => {
                let _ = write!(out, "{value}");
            }
        }
    }
}

impl From<Json> for Node {
    fn from(json: Json) -> Self {
        Self {
            pos: Pos::default(),
            json,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        match parse(text) {
            Ok(node) => format!("accepted {node:?}"),
            Err(error) => format!("{} {error}", error.pos),
        }
    }

    #[test]
    fn strings_are_raw_and_order_and_first_duplicates_are_kept() {
        let node =
            parse("\n{ \"b\": \"x\\\"y\\n\", \"a\": [true, false, {}], \"b\": \"dropped\" }\n").unwrap();
        let Json::Map(entries) = &node.json else {
            panic!("{node:?}")
        };
        let keys: Vec<_> = entries.iter().map(|entry| entry.key.as_str()).collect();
        assert_eq!(keys, ["b", "a"]);
        assert_eq!(entries[0].value.json, Json::str("x\\\"y\\n"));
        assert_eq!(entries[1].pos, Pos { line: 2, column: 18 });
        assert_eq!(
            node.json.pretty(),
            "{\n    \"b\": \"x\\\"y\\n\",\n    \"a\": [\n        true,\n        false,\n        {}\n    ]\n}"
        );
    }

    #[test]
    fn violations_are_told_with_their_place() {
        for (text, expected) in [
            ("", "1:1 state stack should be empty at the end"),
            ("{", "1:2 state stack should be empty at the end"),
            ("{\"a\"", "1:5 state stack should be empty at the end"),
            ("{} x", "1:4 unexpected characters at the end"),
            ("{\"a\": 12}", "1:7 Invalid value: 12"),
            ("[\n null ]", "2:2 Invalid value: null"),
            ("{a}", "1:2 map key must start with a quote"),
            ("{\"a\":\"b\",}", "1:10 map key must start with a quote"),
            (
                "{\"a\" \"b\"}",
                "1:6 invalid character in map definition, colon expected",
            ),
            ("{\"a\":\"b\" \"c\":\"d\"}", "1:10 invalid map state"),
            ("[\"a\",]", "1:6 misplaced character"),
            ("[\"a\" \"b\"]", "1:6 comma or ] expected after a list item"),
        ] {
            assert_eq!(error(text), expected, "{text}");
        }
        assert!(error(&"[".repeat(100_000)).contains("nested deeper"));
    }
}
