//! The log pipes: which lines the node wants (fd 6), and the lines (fd 7).

use crate::error::{DecodeError, WireError};
use crate::marshalizer::Marshalizer;
use crate::record;
use crate::wire::{Bool, Dialect, Int, List, Rec, Text, Uint};
use crate::{gob, json};

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum LogLevel {
    /// Every step.
    Trace = 0,
    /// What a developer looks for.
    Debug = 1,
    /// What an operator may want to know.
    Info = 2,
    /// Something odd.
    Warn = 3,
    /// Something wrong.
    Error = 4,
    /// In a profile: no line at all.
    None = 5,
}

impl LogLevel {
    /// Every level, in the order of its number.
    pub const ALL: &[Self] = &[
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Error,
        Self::None,
    ];

    /// The level with this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|level| level.name().eq_ignore_ascii_case(name))
    }

    /// The level with this number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|level| *level as i32 == number)
    }

    /// Its name in a profile.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
            Self::None => "NONE",
        }
    }
}

/// Which lines the node wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProfile {
    /// `matcher:LEVEL`, separated by commas; `*` matches every logger, another matcher those that contain it.
    pub patterns: String,
    /// Whether the node prints the correlation.
    pub with_correlation: bool,
    /// Whether the node prints the logger's name.
    pub with_logger_name: bool,
}

impl Default for LogProfile {
    fn default() -> Self {
        Self {
            patterns: "*:INFO".into(),
            with_correlation: false,
            with_logger_name: false,
        }
    }
}

/// A profile's patterns, understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevels(Vec<(String, LogLevel)>);

impl Default for LogLevels {
    fn default() -> Self {
        Self(vec![("*".into(), LogLevel::Info)])
    }
}

impl LogLevels {
    /// Understands `patterns`; `None` when one of them is no pattern.
    pub fn parse(patterns: &str) -> Option<Self> {
        let pattern = |text: &str| {
            let (matcher, level) = text.split_once(':')?;
            Some((matcher.trim().to_owned(), LogLevel::from_name(level.trim())?))
        };
        patterns
            .split(',')
            .map(pattern)
            .collect::<Option<Vec<_>>>()
            .map(Self)
    }

    /// The least important level that `logger` shall write.
    pub fn level_of(&self, logger: &str) -> LogLevel {
        let matches = |matcher: &str| matcher == "*" || logger.contains(matcher);
        self.0
            .iter()
            .rev()
            .find(|(matcher, _)| matches(matcher))
            .map_or(LogLevel::Info, |(_, level)| *level)
    }

    /// Whether a line of `level` by `logger` is wanted.
    pub fn wants(&self, logger: &str, level: LogLevel) -> bool {
        level >= self.level_of(logger)
    }
}

/// Where in the chain a line was written. The child knows nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correlation {
    /// The shard.
    pub shard: String,
    /// The epoch.
    pub epoch: u32,
    /// The round.
    pub round: i64,
    /// The part of the round.
    pub sub_round: String,
}

/// What a line travels in.
#[derive(Default)]
struct Wrapper {
    line: LogLine,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogLine {
    /// What happened.
    pub message: String,
    /// How important it is; see [`LogLevel`].
    pub level: i32,
    /// Keys and values by turns.
    pub args: Vec<String>,
    /// Nanoseconds since 1970.
    pub timestamp: i64,
    /// Who says so.
    pub logger: String,
    /// Where in the chain.
    pub correlation: Correlation,
}

impl LogLine {
    /// The line as it travels: in gob if `marshalizer` is that, else in JSON.
    ///
    /// # Errors
    /// The encoding cannot express a line, which all of them can.
    pub fn encode(self, marshalizer: Marshalizer) -> Result<Vec<u8>, WireError> {
        let line = Wrapper { line: self };
        Ok(match marshalizer {
            Marshalizer::Gob => gob::encode(None, &line, Dialect::default())?,
            Marshalizer::Json | Marshalizer::Binary => json::encode_one(&line),
        })
    }

    /// Reads a line that [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// `payload` is no line in this encoding.
    pub fn decode(marshalizer: Marshalizer, payload: &[u8]) -> Result<Self, DecodeError> {
        let mut wrapper = Wrapper::default();
        match marshalizer {
            Marshalizer::Gob => gob::decode(payload, None, &mut wrapper).map(drop)?,
            Marshalizer::Json | Marshalizer::Binary => json::decode_one(payload, &mut wrapper)?,
        }
        Ok(wrapper.line)
    }

    /// The value of the argument called `key`.
    pub fn arg(&self, key: &str) -> Option<&str> {
        self.args
            .as_chunks::<2>()
            .0
            .iter()
            .find(|[name, _]| name == key)
            .map(|[_, value]| value.as_str())
    }
}

record! {
    LogProfile, "Profile" => {
        "LogLevelPatterns": Text => patterns;
        "WithCorrelation": Bool => with_correlation;
        "WithLoggerName": Bool => with_logger_name;
    }
    Wrapper, "LogLineWrapper" => {
        "LogLineMessage": Rec<LogLine> => line, .embedded();
    }
    LogLine, "LogLineMessage" => {
        "Message": Text => message, .omitted();
        "LogLevel": Int => level, .omitted();
        "Args": List<Text> => args, .omitted();
        "Timestamp": Int => timestamp, .omitted();
        "LoggerName": Text => logger, .omitted();
        "Correlation": Rec<Correlation> => correlation;
    }
    Correlation, "LogCorrelationMessage" => {
        "Shard": Text => shard, .omitted();
        "Epoch": Uint => epoch, .omitted();
        "Round": Int => round, .omitted();
        "SubRound": Text => sub_round, .omitted();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn later_patterns_win() {
        let levels = LogLevels::parse("*:INFO,arwen/host:trace").unwrap();
        assert!(levels.wants("arwen/host/execution", LogLevel::Trace));
        assert!(!levels.wants("arwen/ipc", LogLevel::Debug));
        assert!(levels.wants("arwen/ipc", LogLevel::Info));
        assert!(
            !LogLevels::parse("*:NONE")
                .unwrap()
                .wants("arwen/ipc", LogLevel::Error)
        );
        assert_eq!(LogLevels::parse("*:LOUD"), None);
        assert_eq!(LogLevels::parse("INFO"), None);
    }

    #[test]
    fn profile_and_lines_are_the_references() {
        assert_eq!(
            json::encode_one(&LogProfile::default()),
            br#"{"LogLevelPatterns":"*:INFO","WithCorrelation":false,"WithLoggerName":false}"#
        );
        let line = LogLine {
            message: "Profile change applied.".into(),
            level: LogLevel::Info as i32,
            timestamp: 1_626_178_000_000_000_000,
            logger: "pipes/childPart".into(),
            ..LogLine::default()
        };
        let text = br#"{"Message":"Profile change applied.","LogLevel":2,"Timestamp":1626178000000000000,"LoggerName":"pipes/childPart","Correlation":{}}"#;
        assert_eq!(json::encode_one(&line), text);
        let mut read = LogLine::default();
        json::decode_one(text, &mut read).unwrap();
        assert_eq!(read, line);
        // TRACE is 0 and therefore left out.
        let trace = LogLine {
            args: vec!["key".into(), "1".into()],
            ..LogLine::default()
        };
        assert_eq!(
            json::encode_one(&trace),
            br#"{"Args":["key","1"],"Correlation":{}}"#
        );
        assert_eq!(trace.arg("key"), Some("1"));
    }
}
