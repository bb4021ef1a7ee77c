//! Where the stepper's commands come from, and where its answers go.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};

use arwen_tools::step::Console;

const PROMPT: &str = "(arwen) ";

/// Commands from the command line, else from standard input.
pub struct CommandConsole {
    /// None when they come from standard input.
    given: Option<VecDeque<String>>,
    /// Whether a person sees what is typed anyway.
    echo: bool,
}

impl CommandConsole {
    /// With these commands; without any, standard input is read.
    pub fn new(commands: &[String]) -> Self {
        Self {
            given: (!commands.is_empty()).then(|| commands.iter().cloned().collect()),
            echo: !(commands.is_empty() && io::stdin().is_terminal()),
        }
    }
}

impl Console for CommandConsole {
    fn command(&mut self) -> Option<String> {
        if !self.echo {
            self.print(PROMPT);
        }
        let line = match &mut self.given {
            Some(given) => given.pop_front()?,
            None => {
                let mut line = String::new();
                match io::stdin().read_line(&mut line) {
                    Ok(0) | Err(_) => return None,
                    Ok(_) => line.trim_end().to_owned(),
                }
            }
        };
        if self.echo {
            self.print(&format!("{PROMPT}{line}\n"));
        }
        Some(line)
    }

    fn print(&mut self, text: &str) {
        // Whoever closed the output does not want the rest.
        let _ = io::stdout()
            .write_all(text.as_bytes())
            .and_then(|()| io::stdout().flush());
    }
}
