//! The node's side of a child: starts it, asks it, answers its questions, survives it.
//!
//! Whatever a child does, an operation ends by its deadline with a result or a [`DriverError`], and with an error
//! nothing has happened: a VM changes state only through the output the caller applies. After an error of the child
//! itself the process is gone, and the next operation starts another one with the same arguments.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arwen_interface::{BlockchainHook, CallInput, CreateInput, INTERRUPTED, VmOutput};
use thiserror::Error;

use crate::channel::{Channel, send_initialize};
use crate::dialogue::{self, Answering, Broken, agree_on_binary, dialogue};
use crate::error::{Inexpressible, WireError, critical};
use crate::foresight::{Foresight, Occasion};
use crate::interrupt::{self, InterruptHandle, Orders};
use crate::known::Shelf;
use crate::log::LogProfile;
use crate::lookup::find_program;
use crate::marshalizer::Marshalizer;
use crate::messages::*;
use crate::outgoing::{RunInput, RunRequest};
use crate::process::{Death, Process, deadline_after};
pub use crate::process::{LogEvent, LogHandler};
use crate::records::{GasSchedule, InitializeArguments};
use crate::wire::Dialect;

/// The variable that makes a child leave built-in functions to the node, when it is [`DELEGATE_VALUE`].
pub const DELEGATE_VARIABLE: &str = "ARWEN_BUILTIN_FUNCTIONS";

/// See [`DELEGATE_VARIABLE`].
pub const DELEGATE_VALUE: &str = "node";

/// How long a child that is asked to stop may take.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// How a driver runs its child.
#[derive(Clone, Debug)]
pub struct DriverConfig {
    /// The program; looked up when none is given, see [`find_program`].
    pub program: Option<PathBuf>,
    /// What the child is told at its start.
    pub arguments: InitializeArguments,
    /// The message shapes to speak.
    pub dialect: Dialect,
    /// The encoding of messages, whatever `arguments` say. By default binary, which the driver agrees on with a child of
    /// the same build; with any other child the dialogue stays in JSON.
    pub marshalizer: Marshalizer,
    /// How long an operation may take, the node's own answers included; no limit when none.
    pub timeout: Option<Duration>,
    /// Which log lines the child sends.
    pub log_profile: LogProfile,
    /// Whether the node computes built-in functions, and so answers kinds above 61.
    pub delegate_builtins: bool,
    /// Environment variables for the child, on top of this process's.
    pub environment: Vec<(String, String)>,
}

impl Default for DriverConfig {
    fn default() -> Self {
        Self {
            program: None,
            arguments: InitializeArguments::default(),
            dialect: Dialect::default(),
            marshalizer: Marshalizer::Binary,
            timeout: Some(Duration::from_secs(10)),
            log_profile: LogProfile::default(),
            delegate_builtins: false,
            environment: Vec::new(),
        }
    }
}

/// Why an operation has no result. Nothing has changed.
#[derive(Debug, Error)]
pub enum DriverError {
    /// There is no program to start.
    #[error("{}", critical::BINARY_NOT_FOUND)]
    BinaryNotFound,
    /// The program could not be started.
    #[error("cannot start {}: {error}", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The child ended in the middle of the operation.
    #[error("{}: {}", critical::CLOSED, death_text(*status, stderr))]
    Died {
        /// How the process ended, if that is known.
        status: Option<ExitStatus>,
        /// The end of what it wrote to stderr.
        stderr: String,
    },
    /// The operation took too long; the child was killed.
    #[error("{}", critical::TIME_EXPIRED)]
    TimeExpired,
    /// The child said something that is no answer and no question; it was killed.
    #[error("{}: {_0}", critical::BAD_MESSAGE_FROM_ARWEN)]
    BadMessage(String),
    /// The request, or the log profile, is longer than a frame may be.
    #[error("{0}")]
    TooLong(WireError),
    /// The request has something that the encoding or the dialect has no place for. Nothing was sent.
    #[error("{0}")]
    Inexpressible(#[from] Inexpressible),
    /// The run was stopped by an [`InterruptHandle`]; the child is fine.
    #[error("{INTERRUPTED}")]
    Interrupted,
    /// The node's own hook panicked, which ends an operation only of an
    /// [`AsyncDriver`](crate::asynchronous::AsyncDriver); the child was killed.
    #[error("the blockchain hook panicked")]
    HookPanicked,
    /// The VM ran and failed by itself; the child is fine.
    #[error("{0}")]
    Vm(String),
    /// The child refused the gas schedule; the old one stays.
    #[error("{0}")]
    Schedule(String),
}

/// What it is to the caller that a request was not sent.
fn unsent(error: WireError) -> DriverError {
    match error {
        WireError::Inexpressible(what) => DriverError::Inexpressible(what),
        error => DriverError::TooLong(error),
    }
}

fn death_text(status: Option<ExitStatus>, stderr: &str) -> String {
    let status = status.map_or("ended".to_owned(), |status| status.to_string());
    if stderr.is_empty() {
        status
    } else {
        format!("{status}: {stderr}")
    }
}

/// Drives one child. One operation at a time; a node that wants several runs several drivers.
pub struct Driver {
    config: DriverConfig,
    child: Option<Channel<Process>>,
    handler: Arc<Mutex<LogHandler>>,
    gas: Option<[u64; 3]>,
    orders: Orders,
    foresight: Foresight,
    /// What the running child keeps.
    shelf: Shelf,
}

impl Driver {
    /// Starts a child, asks its version, and forgets what it logs.
    ///
    /// # Errors
    /// There is no child to start, or it does not answer.
    pub fn start(config: DriverConfig) -> Result<Self, DriverError> {
        Self::start_with_logs(config, Box::new(|_| ()))
    }

    /// Starts a child and asks its version. `handler` gets what the child logs, during operations.
    ///
    /// # Errors
    /// There is no child to start, or it does not answer.
    pub fn start_with_logs(config: DriverConfig, handler: LogHandler) -> Result<Self, DriverError> {
        let mut driver = Self::idle(config, Arc::new(Mutex::new(handler)));
        driver.version()?;
        Ok(driver)
    }

    /// A driver whose first operation starts a child.
    pub(crate) fn idle(config: DriverConfig, handler: Arc<Mutex<LogHandler>>) -> Self {
        Self {
            config,
            child: None,
            handler,
            gas: None,
            orders: Orders::default(),
            foresight: Foresight::default(),
            shelf: Shelf::default(),
        }
    }

    /// The child's version.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn version(&mut self) -> Result<String, DriverError> {
        let (reply, _) = self.operate(&VersionRequest::default())?;
        Ok(reply.version)
    }

    /// Deploys a contract. The output is not applied to anything. What the run is likely to ask is asked of `hook` before.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn create(
        &mut self,
        hook: &mut dyn BlockchainHook,
        input: &CreateInput,
    ) -> Result<VmOutput, DriverError> {
        self.run(hook, Occasion::deployment(input), input)
    }

    /// Calls a contract. The output is not applied to anything. What the run is likely to ask is asked of `hook` before.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn call(
        &mut self,
        hook: &mut dyn BlockchainHook,
        input: &CallInput,
    ) -> Result<VmOutput, DriverError> {
        self.run(hook, Occasion::call(input), input)
    }

    /// Changes the prices, in this child and in those that may follow it.
    ///
    /// # Errors
    /// See [`DriverError`]. The prices stay as they are then.
    pub fn change_gas_schedule(&mut self, gas_schedule: GasSchedule) -> Result<(), DriverError> {
        let request = GasScheduleChangeRequest { gas_schedule };
        match self.operate(&request)? {
            (_, error) if error.is_empty() => {
                self.config.arguments.gas_schedule = request.gas_schedule;
                Ok(())
            }
            (_, error) => Err(DriverError::Schedule(error)),
        }
    }

    /// Makes the child wait; for tests of deadlines and of [`InterruptHandle`]s.
    ///
    /// # Errors
    /// See [`DriverError`].
    pub fn diagnose_wait(&mut self, milliseconds: u32) -> Result<(), DriverError> {
        match self.operate(&DiagnoseWaitRequest { milliseconds })? {
            (_, error) if error.is_empty() => Ok(()),
            (_, error) => Err(self.refusal(error)),
        }
    }

    /// Changes which log lines the child sends, and those that may follow it.
    ///
    /// # Errors
    /// [`TooLong`](DriverError::TooLong): the profile is longer than [`MAX_ORDER`](crate::interrupt::MAX_ORDER); the old
    /// one stays.
    pub fn set_log_profile(&mut self, profile: LogProfile) -> Result<(), DriverError> {
        self.orders
            .send(&interrupt::frame(&profile).map_err(DriverError::TooLong)?);
        self.config.log_profile = profile;
        Ok(())
    }

    /// Changes how long an operation may take.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.config.timeout = timeout;
    }

    /// Hands out what the child has logged since the last operation.
    pub fn poll_logs(&mut self) {
        if let Some(channel) = &mut self.child {
            channel.transport().drain(None);
        }
    }

    /// How the last run used its gas, in gas units: loading, operators, host functions. `None` unless the log profile
    /// asks for it; see [`gas_line`](crate::gas_line).
    pub fn last_run_gas(&self) -> Option<[u64; 3]> {
        self.gas
    }

    /// What stops, from another thread, whatever operation this driver is busy with at that time. For a limit on one
    /// operation take [`next_interrupt_handle`](Self::next_interrupt_handle): one that is late stops nothing else.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.orders.handle()
    }

    /// What stops the operation that begins next and no other, from another thread; if it has not begun yet, as soon as
    /// it does.
    pub fn next_interrupt_handle(&self) -> InterruptHandle {
        self.orders.next_handle()
    }

    /// What stops operations until [`end_lease`](Self::end_lease).
    pub(crate) fn lease_interrupt_handle(&self) -> InterruptHandle {
        self.orders.lease_handle()
    }

    /// Whoever has handles on this driver loses its use.
    pub(crate) fn end_lease(&self) {
        self.orders.end_lease();
    }

    /// The process id of the running child.
    pub fn process_id(&mut self) -> Option<u32> {
        self.child.as_mut().map(|channel| channel.transport().id())
    }

    /// Kills the child. The next operation starts another one.
    pub fn kill(&mut self) {
        if let Some(channel) = self.child.take() {
            self.bury(channel, true);
        }
    }

    /// Asks the child to stop and waits for it, or kills it when it does not. The next operation starts another one.
    /// Returns how it ended, if there was one.
    pub fn stop(&mut self) -> Option<ExitStatus> {
        let mut channel = self.child.take()?;
        channel.transport().deadline = deadline_after(Some(STOP_LIMIT));
        channel.reset();
        // Whether it was told or not, it ends now.
        let _ = channel.send(&Stop {}, "");
        self.bury(channel, false).status
    }

    fn bury(&mut self, channel: Channel<Process>, at_once: bool) -> Death {
        self.orders.detach();
        channel.into_transport().bury(at_once)
    }

    /// Sends `request` and returns the reply and the error it reports.
    fn operate<Q: Request>(&mut self, request: &Q) -> Result<(Q::Reply, String), DriverError> {
        self.operation(|driver, channel| dialogue(channel, &driver.orders, request))
    }

    /// Deploys or calls.
    fn run<I: RunInput>(
        &mut self,
        hook: &mut dyn BlockchainHook,
        mut occasion: Occasion<'_>,
        input: &I,
    ) -> Result<VmOutput, DriverError> {
        let delegated = self.config.delegate_builtins;
        let reply = self.operation(|driver, channel| {
            let foresees = channel.marshalizer == Marshalizer::Binary;
            if foresees {
                driver.foresight.foresee(&mut occasion, hook, &mut driver.shelf);
            }
            let known = if foresees { driver.foresight.known() } else { &[] };
            let request = RunRequest {
                input,
                known,
                profiles: if foresees { driver.orders.written() } else { 0 },
            };
            let mut asked = Vec::new();
            let answering = Answering {
                hook,
                delegated,
                asked: &mut |question| {
                    if foresees {
                        Foresight::listen(&mut asked, question);
                    }
                },
            };
            let reply = dialogue::run(channel, &driver.orders, &request, answering);
            match &reply {
                Ok((reply, _)) if foresees => {
                    reply.output.iter().for_each(|output| occasion.made(output));
                    driver.foresight.learn(&occasion, asked, &reply.unused);
                }
                // What was to go on the child's shelf may not have arrived.
                Err(_) => driver.shelf = Shelf::default(),
                Ok(_) => {}
            }
            reply
        });
        self.output(reply?)
    }

    fn output(&self, (reply, error): (ContractResponse, String)) -> Result<VmOutput, DriverError> {
        match reply.output {
            Some(output) if error.is_empty() => Ok(output),
            None if error.is_empty() => Err(DriverError::BadMessage("a reply without an output".into())),
            _ => Err(self.refusal(error)),
        }
    }

    /// What an error of the VM is to the caller.
    fn refusal(&self, error: String) -> DriverError {
        match error == INTERRUPTED && self.orders.wanted() {
            true => DriverError::Interrupted,
            false => DriverError::Vm(error),
        }
    }

    /// Does `work` with a running child, within the time an operation may take. A child that breaks is gone.
    fn operation<T>(
        &mut self,
        work: impl FnOnce(&mut Self, &mut Channel<Process>) -> Result<T, Broken>,
    ) -> Result<T, DriverError> {
        let _operation = self.orders.begin();
        let deadline = deadline_after(self.config.timeout);
        // A child that has died since, or said something unasked, which would be taken for an answer, is no loss.
        if self
            .child
            .as_mut()
            .is_some_and(|channel| !channel.transport().is_quiet())
        {
            self.kill();
        }
        let (mut channel, fresh) = match self.child.take() {
            Some(channel) => (channel, false),
            None => (self.spawn(deadline)?, true),
        };
        let process = channel.transport();
        process.deadline = deadline;
        process.gas = None;
        let agreed = match self.config.marshalizer {
            Marshalizer::Binary if fresh => agree_on_binary(&mut channel, &self.orders),
            _ => Ok(()),
        };
        match agreed.and_then(|()| work(self, &mut channel)) {
            Ok(reply) => {
                let process = channel.transport();
                process.drain_if_any();
                self.gas = process.gas.take();
                self.child = Some(channel);
                Ok(reply)
            }
            Err(Broken::Unsent(error)) => {
                self.child = Some(channel);
                Err(unsent(error))
            }
            Err(broken) => {
                let at_once = !matches!(broken, Broken::Closed);
                let Death { status, stderr } = self.bury(channel, at_once);
                Err(match broken {
                    Broken::TimeExpired => DriverError::TimeExpired,
                    Broken::BadMessage(text) => DriverError::BadMessage(text),
                    _ => DriverError::Died { status, stderr },
                })
            }
        }
    }

    fn spawn(&mut self, deadline: Option<Instant>) -> Result<Channel<Process>, DriverError> {
        let config = &self.config;
        let program = find_program(config.program.as_deref()).ok_or(DriverError::BinaryNotFound)?;
        let mut environment = config.environment.clone();
        if config.delegate_builtins {
            environment.push((DELEGATE_VARIABLE.into(), DELEGATE_VALUE.into()));
        }
        let profile = interrupt::frame(&config.log_profile).map_err(DriverError::TooLong)?;
        let handler = self.handler.clone();
        let mut initialize = Vec::new();
        let mut arguments = config.arguments.clone();
        arguments.messages_marshalizer = config.marshalizer;
        send_initialize(&mut initialize, arguments, config.dialect).map_err(unsent)?;
        let process = Process::start(
            &program,
            &environment,
            &initialize,
            config.marshalizer == Marshalizer::Binary,
            deadline,
            Box::new(move |event| handler.lock().unwrap_or_else(PoisonError::into_inner)(event)),
        );
        let (mut process, profiles) = process.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => DriverError::TimeExpired,
            _ => DriverError::Start { program, error },
        })?;
        process.log_marshalizer = config.arguments.logs_marshalizer;
        let mut channel = Channel::new(process);
        channel.dialect = config.dialect;
        if config.marshalizer == Marshalizer::Gob {
            channel.marshalizer = Marshalizer::Gob;
        }
        self.shelf = Shelf::default();
        self.orders.attach(profiles);
        self.orders.send(&profile);
        Ok(channel)
    }
}
