//! Where two results differ, field by field.

use std::fmt;

use serde_json::Value;

/// Characters of a value that are shown.
const MAX_SHOWN: usize = 200;

/// A field that is not the same in two results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which, as in `ok.outputAccounts[1].nonce`.
    pub field: String,
    /// Its value in the trace, as trace files write it; none when it is zero, empty or absent.
    pub recorded: Option<String>,
    /// Its value in the run.
    pub replayed: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |value: &Option<String>| match value {
            None => "nothing".to_owned(),
            Some(text) if text.chars().count() <= MAX_SHOWN => text.clone(),
            Some(text) => text.chars().take(MAX_SHOWN).chain("…".chars()).collect(),
        };
        let (recorded, replayed) = (show(&self.recorded), show(&self.replayed));
        write!(f, "{}: recorded {recorded}, replayed {replayed}", self.field)
    }
}

/// Every field that is not the same.
pub(super) fn differences(recorded: &Value, replayed: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", Some(recorded), Some(replayed), &mut found);
    found
}

fn compare(field: &str, recorded: Option<&Value>, replayed: Option<&Value>, found: &mut Vec<Difference>) {
    if recorded == replayed {
        return;
    }
    match (recorded, replayed) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let only_right = right.keys().filter(|name| !left.contains_key(*name));
            for name in left.keys().chain(only_right) {
                let field = match field {
                    "" => name.clone(),
                    field => format!("{field}.{name}"),
                };
                compare(&field, left.get(name), right.get(name), found);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for index in 0..left.len().max(right.len()) {
                compare(
                    &format!("{field}[{index}]"),
                    left.get(index),
                    right.get(index),
                    found,
                );
            }
        }
        (left, right) => found.push(Difference {
            field: field.to_owned(),
            recorded: left.map(Value::to_string),
            replayed: right.map(Value::to_string),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_told_field_by_field() {
        let left = serde_json::json!({ "ok": { "code": 4, "data": ["a", "b"], "same": true } });
        let right = serde_json::json!({ "ok": { "code": 5, "data": ["a"], "more": 1, "same": true } });
        let found: Vec<String> = differences(&left, &right)
            .iter()
            .map(Difference::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "ok.code: recorded 4, replayed 5",
                "ok.data[1]: recorded \"b\", replayed nothing",
                "ok.more: recorded nothing, replayed 1",
            ]
        );
        assert!(differences(&left, &left).is_empty());
    }
}
