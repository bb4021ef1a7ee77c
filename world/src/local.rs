//! The world in its folder, and how commands change it.

use std::path::Path;

use arwen_interface::{Bytes, VmOutput};
use arwen_scenario::shards::{Arrival, Message};
use arwen_scenario::{Account, Machine, World};
use redb::StorageBackend;

use crate::progress::Progress;
use crate::store::{Settings, State, Store};
use crate::{Change, Command, WorldError, export, values};

/// A world in a folder, which no other process can use meanwhile.
pub struct LocalWorld {
    store: Store,
}

/// What a command did.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The name of its transaction, if it had one that was kept.
    pub id: Option<String>,
    /// The address of the contract it deployed.
    pub deployed: Option<Bytes>,
    /// What the VM says; none when no contract was to run.
    pub output: Option<VmOutput>,
    /// Where contracts stopped, when it failed, as far as the machine can tell; one text a contract.
    pub stops: Vec<String>,
    /// What arrived from other shards, in order.
    pub arrivals: Vec<Arrival>,
    /// What is on its way between shards after it, in the order of sending.
    pub travelling: Vec<Message>,
    /// The gas it could use.
    pub gas_limit: u64,
    /// What changed, or for a query, what would have.
    pub changes: Vec<Change>,
    /// The world before.
    pub before: World,
    /// The world after it.
    pub after: World,
    /// Whether it is among the steps of the world. A query that would have changed something is not, and has not.
    pub kept: bool,
}

impl LocalWorld {
    /// Makes a world in a folder.
    ///
    /// # Errors
    /// When there is one already, or the folder cannot be written.
    pub fn create(dir: &Path, settings: Settings) -> Result<Self, WorldError> {
        Store::create(dir, settings).map(|store| Self { store })
    }

    /// Opens the world in a folder.
    ///
    /// # Errors
    /// When there is none, another process uses it, or it cannot be understood.
    pub fn open(dir: &Path) -> Result<Self, WorldError> {
        Store::open(dir).map(|store| Self { store })
    }

    /// Opens the world in a storage of another kind than a file in a folder, or makes one in an empty storage. Errors call
    /// it by `name`.
    ///
    /// # Errors
    /// When it holds something else, fails, or cannot be understood.
    pub fn in_storage(
        name: &Path,
        storage: impl StorageBackend,
        settings: Settings,
    ) -> Result<Self, WorldError> {
        Store::in_storage(name, storage, settings).map(|store| Self { store })
    }

    /// Everything in it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn state(&self) -> Result<State, WorldError> {
        self.store.load()
    }

    /// The account at an address, which is an expression.
    ///
    /// # Errors
    /// When there is none, the expression is no address, or the world cannot be read.
    pub fn account(&self, text: &str) -> Result<(Bytes, Account), WorldError> {
        let address = address(text)?;
        match self.store.load()?.world.accounts.remove(&address) {
            Some(account) => Ok((address, account)),
            None => Err(WorldError::NoAccount {
                what: "account",
                text: text.to_owned(),
            }),
        }
    }

    /// Carries out a command on a machine: all of it, or nothing when there is an error or the process ends.
    ///
    /// A transaction that fails is an [`Outcome`]: it raises the sender's nonce and costs the gas.
    ///
    /// # Errors
    /// When the command cannot be understood, the protocol does not take it, or the world cannot be read or written.
    pub fn execute(&self, machine: &mut impl Machine, command: &Command) -> Result<Outcome, WorldError> {
        let writer = self.store.writer()?;
        let State {
            settings,
            world: before,
            between,
            steps,
        } = self.store.load()?;
        let id = match command.id() {
            Some(id) if self.store.has_id(id)? => return Err(WorldError::IdExists(id.to_owned())),
            Some(id) => id.to_owned(),
            None => self.free_id()?,
        };
        machine
            .set_schedule(settings.gas_schedule)
            .map_err(WorldError::Machine)?;
        let mut progress = Progress::new(machine, before.clone(), between.clone());
        progress.run(command, &id)?;
        let changes = Change::between(&before, &progress.world);
        let kept = !matches!(command, Command::Query(_)) || changes.is_empty();
        if kept {
            let mut number = steps;
            for step in &progress.steps {
                number = number.saturating_add(1);
                writer.step(number, &step.pretty())?;
            }
            if progress.with_id {
                writer.id(&id, number)?;
            }
            writer.world(&before, &progress.world, &changes)?;
            if progress.between != between {
                writer.journey(&progress.between.journey)?;
            }
            writer.commit()?;
        }
        let (output, stops) = match progress.done {
            Some(done) => (Some(done.output), done.stops),
            None => (None, Vec::new()),
        };
        Ok(Outcome {
            id: (progress.with_id && kept).then_some(id),
            deployed: deployed(command, output.as_ref()),
            output,
            stops,
            arrivals: progress.arrivals,
            travelling: progress.between.journey.travelling,
            gas_limit: command.gas_limit(),
            changes,
            before,
            after: progress.world,
            kept,
        })
    }

    /// A name for a transaction that has none: its number, unless another has taken it.
    fn free_id(&self) -> Result<String, WorldError> {
        let mut number = self.store.ids()?.saturating_add(1);
        loop {
            let id = format!("tx-{number}");
            if !self.store.has_id(&id)? {
                return Ok(id);
            }
            number = number.saturating_add(1);
        }
    }

    /// The steps that have led to it, in order, as scenario files have them.
    ///
    /// # Errors
    /// When the world cannot be read.
    pub fn steps(&self) -> Result<Vec<String>, WorldError> {
        self.store.steps()
    }

    /// The session as a scenario: every step with its result, then a check of the whole state.
    ///
    /// # Errors
    /// When the world cannot be read.
    pub fn export(&self, name: &str) -> Result<String, WorldError> {
        export::scenario(name, &self.store.load()?, &self.store.steps()?)
    }
}

/// The address that an expression means.
///
/// # Errors
/// When it means nothing, or nothing of the length of an address.
pub fn address(text: &str) -> Result<Bytes, WorldError> {
    values::address("address", text).map(|address| address.bytes)
}

/// Where a deployment that went well put the contract.
fn deployed(command: &Command, output: Option<&VmOutput>) -> Option<Bytes> {
    let (Command::Deploy(deployment), Some(output)) = (command, output) else {
        return None;
    };
    let account = output
        .output_accounts
        .iter()
        .find(|account| account.code == deployment.code)?;
    (output.return_code == Default::default()).then(|| account.address.clone())
}
