//! How error texts survive the pipe.
//!
//! The reference rebuilds a received error by using its text as a format string without arguments. A percent sign in
//! the text therefore changes what the contract's output says, and with it what nodes agree on.

/// `text` after it was formatted without arguments.
pub fn as_format(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = rest[at + 1..].trim_start_matches(['+', '-', '#', ' ', '0']);
        // An argument index is never good: there are no arguments.
        let mut bad_index = take_index(&mut rest);
        if let Some(after) = rest.strip_prefix('*') {
            rest = after;
            out.push_str("%!(BADWIDTH)");
        } else {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            bad_index |= take_index(&mut rest);
            if let Some(after) = rest.strip_prefix('*') {
                rest = after;
                out.push_str("%!(BADPREC)");
            } else {
                rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            }
        }
        bad_index |= take_index(&mut rest);
        let mut chars = rest.chars();
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => {
                out.push_str("%!");
                out.push(verb);
                out.push_str(if bad_index { "(BADINDEX)" } else { "(MISSING)" });
            }
        }
        rest = chars.as_str();
    }
    out + rest
}

/// Takes `[n]` off the front; true when there was one.
fn take_index(rest: &mut &str) -> bool {
    match rest.strip_prefix('[').and_then(|after| after.split_once(']')) {
        Some((_, after)) => {
            *rest = after;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::as_format;

    #[test]
    fn percent_signs_become_noise() {
        for (text, expected) in [
            ("account was not found", "account was not found"),
            ("100%", "100%!(NOVERB)"),
            ("100% sure", "100%!s(MISSING)ure"),
            ("50%% off", "50% off"),
            ("%d of %5.2f", "%!d(MISSING) of %!f(MISSING)"),
            ("%*d", "%!(BADWIDTH)%!d(MISSING)"),
            ("%.*d", "%!(BADPREC)%!d(MISSING)"),
            ("%[1]d", "%!d(BADINDEX)"),
            ("%é", "%!é(MISSING)"),
        ] {
            assert_eq!(as_format(text), expected);
        }
    }
}
