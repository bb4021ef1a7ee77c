//! The second run: stops where it is told to, and answers questions there.

use arwen_eei::{CallBegin, CallEnd, RunObserver, RunningCode, StorageAccess};
use arwen_engine::{Interrupt, Observer, Place, Step, Trap};
use arwen_interface::{Bytes, ReturnCode};

use super::Console;
use super::breaks::{Break, Here};
use super::code::Codes;
use super::command::{Command, help};
use super::show;
use super::survey::Survey;
use crate::record::{CodePlace, Recorder};

/// A run that is stepped through.
pub(super) struct Stepper<'a> {
    pub codes: &'a Codes<'a>,
    /// What the first run has told.
    survey: (&'a Survey, &'a Recorder),
    console: &'a mut dyn Console,
    interrupt: Interrupt,
    /// The calls under way, innermost last.
    pub calls: Vec<Call>,
    pub journal: Vec<JournalEntry>,
    breaks: Vec<(usize, Break)>,
    next_break: usize,
    until: Until,
    last: Option<Command>,
    operators: u64,
    /// Whether it was told to stop for good.
    pub quit: bool,
}

/// A call under way.
pub(super) struct Call {
    pub address: Bytes,
    pub function: Bytes,
    pub gas_provided: u64,
    pub code: Option<usize>,
    /// Its functions, innermost last: the operator that each is at.
    pub frames: Vec<CodePlace>,
    /// Whether the innermost function has not begun yet.
    entered: bool,
    /// The journal's length when it began.
    journal: usize,
}

/// A storage entry that was read or written.
pub(super) struct JournalEntry {
    pub account: Bytes,
    pub key: Bytes,
    pub before: Bytes,
    /// What was written; none when it was only read.
    pub after: Option<Bytes>,
    /// Whether the call that wrote it has failed since.
    pub undone: bool,
}

/// When to stop next, break points aside.
#[derive(Clone, Copy)]
enum Until {
    /// After so many operators more.
    Step(u64),
    /// After so many operators at this depth or above it.
    Next { left: u64, depth: usize },
    /// Above this depth.
    Out { depth: usize },
    /// Never.
    BreakPoint,
    /// Not even at break points: nobody is there.
    End,
}

impl<'a> Stepper<'a> {
    pub fn new(
        codes: &'a Codes<'a>,
        survey: (&'a Survey, &'a Recorder),
        console: &'a mut dyn Console,
        interrupt: Interrupt,
    ) -> Self {
        Self {
            codes,
            survey,
            console,
            interrupt,
            calls: Vec::new(),
            journal: Vec::new(),
            breaks: Vec::new(),
            next_break: 1,
            until: Until::Step(1),
            last: None,
            operators: 0,
            quit: false,
        }
    }

    /// Functions under way, of all calls.
    fn depth(&self) -> usize {
        self.calls.iter().map(|call| call.frames.len()).sum()
    }

    /// Counts an operator, and says whether to stop before it.
    fn is_due(&mut self) -> bool {
        let now = self.depth();
        match &mut self.until {
            Until::Step(left) => *left -= 1,
            Until::Next { left, depth } if now <= *depth => *left -= 1,
            Until::Out { depth } => return now < *depth,
            _ => return false,
        }
        matches!(self.until, Until::Step(0) | Until::Next { left: 0, .. })
    }

    fn stop(&mut self, step: &Step<'_>, hits: &[usize]) {
        let mut text = String::new();
        for (number, place) in self.breaks.iter().filter(|(number, _)| hits.contains(number)) {
            text += &format!("break point {number}: {place}\n");
        }
        text += &show::here(self, step, self.operators);
        self.console.print(&text);
        loop {
            let Some(line) = self.console.command() else {
                self.until = Until::End;
                return;
            };
            let command = match line.trim() {
                "" => match &self.last {
                    Some(command) => command.clone(),
                    None => continue,
                },
                line => match Command::read(line) {
                    Ok(command) => command,
                    Err(error) => {
                        self.console.print(&format!("{error}\n"));
                        continue;
                    }
                },
            };
            self.last = Some(command.clone());
            match self.obey(command, step) {
                Some(answer) => self.console.print(&answer),
                None => return,
            }
        }
    }

    /// Answers a command; nothing when the run is to go on.
    fn obey(&mut self, command: Command, step: &Step<'_>) -> Option<String> {
        let depth = self.depth();
        self.until = match command {
            Command::Step(count) => Until::Step(count),
            Command::Next(left) => Until::Next { left, depth },
            Command::Out => Until::Out { depth },
            Command::Continue => Until::BreakPoint,
            Command::Quit => {
                self.quit = true;
                self.interrupt.raise();
                Until::End
            }
            question => return Some(self.answer(question, step)),
        };
        None
    }

    fn answer(&mut self, question: Command, step: &Step<'_>) -> String {
        match question {
            Command::Break(text) => self.set_break(&text),
            Command::Breaks => self.list_breaks(),
            Command::Delete(number) => {
                let before = self.breaks.len();
                self.breaks.retain(|(known, _)| *known != number);
                match self.breaks.len() < before {
                    true => format!("break point {number} removed\n"),
                    false => format!("there is no break point {number}\n"),
                }
            }
            Command::Print(value) => show::value(value, step),
            Command::Memory { at, len } => show::memory(at, len, step),
            Command::Stack => show::stack(step),
            Command::Locals => show::locals(step),
            Command::Storage => show::storage(&self.journal),
            Command::Where => show::stack_of_calls(self),
            Command::Gas => show::gas(self, step),
            _ => help(),
        }
    }

    fn set_break(&mut self, text: &str) -> String {
        match Break::read(text, self.codes) {
            Ok(place) => {
                let number = self.next_break;
                self.next_break += 1;
                self.breaks.push((number, place));
                format!("break point {number}: {text}\n")
            }
            Err(error) => format!("{error}\n"),
        }
    }

    fn list_breaks(&self) -> String {
        if self.breaks.is_empty() {
            return "no break points\n".to_owned();
        }
        let line = |(number, place): &(usize, Break)| format!("{number:>3}  {place}\n");
        self.breaks.iter().map(line).collect()
    }

    fn breaks_here(&self, here: &Here) -> Vec<usize> {
        let hit = self
            .breaks
            .iter()
            .filter(|(_, place)| place.is_at(here, self.survey));
        hit.map(|(number, _)| *number).collect()
    }
}

impl Observer for Stepper<'_> {
    fn enter(&mut self, place: Place) {
        if let Some(call) = self.calls.last_mut() {
            call.frames.push(place.into());
            call.entered = true;
        }
    }

    fn operator(&mut self, step: &Step<'_>) {
        self.operators += 1;
        let Some(call) = self.calls.last_mut() else { return };
        if let Some(frame) = call.frames.last_mut() {
            *frame = step.place.into();
        }
        let here = Here {
            code: call.code,
            function: step.place.function,
            offset: step.place.offset,
            entered: std::mem::take(&mut call.entered),
            number: self.operators,
        };
        if matches!(self.until, Until::End) {
            return;
        }
        let hits = self.breaks_here(&here);
        if self.is_due() || !hits.is_empty() {
            self.stop(step, &hits);
        }
    }

    fn leave(&mut self, _: Place) {
        if let Some(call) = self.calls.last_mut() {
            call.frames.pop();
        }
    }

    fn trap(&mut self, _: Place, _: Trap) {
        if let Some(call) = self.calls.last_mut() {
            call.frames.clear();
        }
    }
}

impl RunObserver for Stepper<'_> {
    fn call_begin(&mut self, call: &CallBegin<'_>) {
        self.calls.push(Call {
            address: call.address.to_vec(),
            function: call.function.to_vec(),
            gas_provided: call.gas_provided,
            code: None,
            frames: Vec::new(),
            entered: false,
            journal: self.journal.len(),
        });
    }

    fn code(&mut self, code: &RunningCode<'_>) {
        let known = self.codes.find(code.hash);
        if let Some(call) = self.calls.last_mut() {
            call.code = known;
            call.address = code.address.to_vec();
        }
    }

    fn storage(&mut self, access: &StorageAccess<'_>) {
        self.journal.push(JournalEntry {
            account: access.account.to_vec(),
            key: access.key.to_vec(),
            before: access.before.to_vec(),
            after: access.after.map(<[u8]>::to_vec),
            undone: false,
        });
    }

    fn call_end(&mut self, end: &CallEnd) {
        let Some(call) = self.calls.pop() else { return };
        if end.return_code != ReturnCode::Ok {
            for entry in self.journal.iter_mut().skip(call.journal) {
                entry.undone = entry.after.is_some();
            }
        }
    }
}
