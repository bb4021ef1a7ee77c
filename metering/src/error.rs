//! What can be wrong with a gas schedule.

use std::fmt;

/// A mandatory key without a usable price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyProblem {
    /// The section has no such key.
    Missing {
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
    },
    /// The price is 0.
    Zero {
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
    },
    /// An operator's price is beyond 32 bits.
    TooLarge {
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
        /// The price found.
        price: u64,
    },
}

impl KeyProblem {
    /// Section and key.
    pub fn place(&self) -> (&'static str, &'static str) {
        match *self {
            Self::Missing { section, key }
            | Self::Zero { section, key }
            | Self::TooLarge { section, key, .. } => (section, key),
        }
    }
}

impl fmt::Display for KeyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (section, key) = self.place();
        match self {
            Self::Missing { .. } => write!(f, "{section}.{key} is missing"),
            Self::Zero { .. } => write!(f, "{section}.{key} is zero"),
            Self::TooLarge { price, .. } => write!(f, "{section}.{key} is {price}, more than {}", u32::MAX),
        }
    }
}

/// Something in a schedule that no price is read from.
///
/// Not an error: nodes send sections for other parts of themselves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownKey {
    /// The section, as spelled in the schedule.
    pub section: String,
    /// The key, as spelled in the schedule; `None` when the whole section is unknown.
    pub key: Option<String>,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{}.{key} is unknown", self.section),
            None => write!(f, "section {} is unknown", self.section),
        }
    }
}

/// A schedule that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The text is not TOML, or not sections of whole numbers.
    #[error("gas schedule: {0}")]
    Syntax(#[from] toml::de::Error),
    /// Mandatory keys without a usable price.
    #[error("{}", prices_text(.problems, .unknown))]
    Prices {
        /// All of them, in the order in which the July 2021 VM looks for them; never empty.
        problems: Vec<KeyProblem>,
        /// What else the schedule holds, as it may be a mandatory key misspelled.
        unknown: Vec<UnknownKey>,
    },
}

impl ScheduleError {
    /// The text with which the July 2021 VM refuses the schedule; it stops at the first problem.
    ///
    /// A syntax error never reached that VM and keeps its own text.
    pub fn reference_text(&self) -> String {
        match self {
            Self::Syntax(_) => self.to_string(),
            Self::Prices { problems, .. } => problems.first().map_or_else(String::new, reference_text),
        }
    }
}

fn reference_text(problem: &KeyProblem) -> String {
    format!(
        "Gas cost for operation {} has been set to 0 or is not set.",
        problem.place().1
    )
}

/// The reference's text for the first problem, then the whole list, one line each.
fn prices_text(problems: &[KeyProblem], unknown: &[UnknownKey]) -> String {
    let first = problems.first().map_or_else(String::new, reference_text);
    let lines = problems
        .iter()
        .map(KeyProblem::to_string)
        .chain(unknown.iter().map(UnknownKey::to_string));
    lines.fold(first, |text, line| text + "\n  " + &line)
}
