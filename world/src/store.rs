//! The database: one file, one write transaction a command.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use arwen_interface::{BigInt, Bytes, CallType};
use arwen_scenario::model::GasSchedule;
use arwen_scenario::run::Between;
use arwen_scenario::shards::{GasAccount, Journey, Message, TxId};
use arwen_scenario::{Account, BlockInfo, World};
use redb::{
    Database, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata, StorageBackend,
    TableDefinition, WriteTransaction,
};

use crate::{Change, WorldError};

/// The database within the folder of a world.
pub const FILE_NAME: &str = "world.redb";

/// The version of what is in the database; another one is refused.
pub const VERSION: u64 = 1;

/// Numbers that every version has, `version` above all.
const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const VERSION_KEY: &str = "version";
const SHARDS_KEY: &str = "shards";
/// How many transactions and messages there have been, which number those to come.
const TRANSACTIONS_KEY: &str = "transactions between shards";
const MESSAGES_KEY: &str = "messages between shards";

const SETTINGS: TableDefinition<&str, &str> = TableDefinition::new("settings");
const GAS_SCHEDULE_KEY: &str = "gas schedule";

/// An account without its storage: nonce, balance (signed, big-endian), code hash, code metadata, owner, name, developer
/// reward (as the balance), shard, data of a call that waits.
type AccountRow<'a> = (
    u64,
    &'a [u8],
    &'a [u8],
    &'a [u8],
    &'a [u8],
    &'a [u8],
    &'a [u8],
    u32,
    &'a [u8],
);
const ACCOUNTS: TableDefinition<&[u8], AccountRow<'static>> = TableDefinition::new("accounts");
/// Address and key.
const STORAGE: TableDefinition<(&[u8], &[u8]), &[u8]> = TableDefinition::new("storage");
/// By hash; of every account that has one.
const CODE: TableDefinition<&[u8], &[u8]> = TableDefinition::new("code");

/// Timestamp, nonce, round, epoch, random seed.
type BlockRow<'a> = (u64, u64, u64, u32, &'a [u8]);
const BLOCKS: TableDefinition<&str, BlockRow<'static>> = TableDefinition::new("blocks");
const CURRENT: &str = "current";
const PREVIOUS: &str = "previous";

/// Transaction, sender, receiver, EGLD (signed, big-endian), data, gas, gas for the answer, call type, whether it brings back
/// what a failed call carried.
type MessageRow<'a> = (u64, &'a [u8], &'a [u8], &'a [u8], &'a [u8], u64, u64, u8, bool);
/// What is on its way between shards, by number.
const MESSAGES: TableDefinition<u64, MessageRow<'static>> = TableDefinition::new("messages");
/// By transaction, the gas of what is on its way: provided, used, returned, travelling.
const GAS: TableDefinition<u64, (u64, u64, u64, u64)> = TableDefinition::new("gas");

/// Steps by number, as scenario files have them.
const STEPS: TableDefinition<u64, &str> = TableDefinition::new("steps");
/// The ids of the transactions in them.
const IDS: TableDefinition<&str, u64> = TableDefinition::new("ids");

/// What a world is made with, once and for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its prices.
    pub gas_schedule: GasSchedule,
    /// How many shards it has. An address is in the shard of its last byte, modulo this number.
    pub shards: NonZeroU32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            gas_schedule: GasSchedule::Default,
            shards: NonZeroU32::MIN,
        }
    }
}

/// Everything in a world.
#[derive(Clone, Debug)]
pub struct State {
    /// What it was made with.
    pub settings: Settings,
    /// Its accounts and blocks.
    pub world: World,
    /// Its shards, and what is on its way between them.
    pub between: Between,
    /// How many steps have led to it.
    pub steps: u64,
}

/// The database, held by this process alone.
pub(crate) struct Store {
    path: PathBuf,
    database: Database,
}

/// A command under way. Dropped without [`Writer::commit`], it leaves nothing behind.
pub(crate) struct Writer<'a> {
    store: &'a Store,
    transaction: WriteTransaction,
}

/// Turns what the database says into what is wrong with the world.
fn trouble(path: &Path) -> impl Fn(redb::Error) -> WorldError + '_ {
    move |error| match error {
        redb::Error::DatabaseAlreadyOpen => WorldError::Busy(folder(path)),
        // The kind for files that are no database at all.
        redb::Error::Io(error) if error.kind() != io::ErrorKind::InvalidData => WorldError::File {
            path: path.to_owned(),
            error,
        },
        error => WorldError::Damaged {
            path: path.to_owned(),
            reason: error.to_string(),
        },
    }
}

fn folder(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

impl Store {
    /// Makes a world in a folder, which is made too when there is none.
    pub fn create(dir: &Path, settings: Settings) -> Result<Self, WorldError> {
        let path = dir.join(FILE_NAME);
        if path.exists() {
            return Err(WorldError::Exists(dir.to_owned()));
        }
        let file_error = |path: &Path| {
            let path = path.to_owned();
            move |error| WorldError::File { path, error }
        };
        fs::create_dir_all(dir).map_err(file_error(dir))?;
        // Under its own name only when it is whole.
        let draft = dir.join(format!("{FILE_NAME}.new"));
        let database = Database::create(&draft).map_err(|error| trouble(&draft)(error.into()))?;
        let store = Self { path, database };
        store.initialize(settings)?;
        // Unlike renaming, this never replaces the world of another process.
        fs::hard_link(&draft, &store.path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => WorldError::Exists(dir.to_owned()),
            _ => file_error(&store.path)(error),
        })?;
        fs::remove_file(&draft).map_err(file_error(&draft))?;
        let synced = File::open(dir).and_then(|dir| dir.sync_all());
        synced.map_err(file_error(dir))?;
        Ok(store)
    }

    /// Opens the world in a folder.
    pub fn open(dir: &Path) -> Result<Self, WorldError> {
        let path = dir.join(FILE_NAME);
        if !path.exists() {
            return Err(WorldError::Missing(dir.to_owned()));
        }
        let database = Database::open(&path).map_err(|error| trouble(&path)(error.into()))?;
        let store = Self { path, database };
        store.check_version()?;
        Ok(store)
    }

    /// Opens the world in a storage, or makes one there when the storage is empty.
    pub fn in_storage(
        name: &Path,
        storage: impl StorageBackend,
        settings: Settings,
    ) -> Result<Self, WorldError> {
        let is_empty = storage.len().map(|length| length == 0);
        let is_empty = is_empty.map_err(|error| trouble(name)(error.into()))?;
        let database = Database::builder().create_with_backend(storage);
        let store = Self {
            path: name.to_owned(),
            database: database.map_err(|error| trouble(name)(error.into()))?,
        };
        match is_empty {
            true => store.initialize(settings)?,
            false => store.check_version()?,
        }
        Ok(store)
    }

    /// Writes an empty world.
    fn initialize(&self, settings: Settings) -> Result<(), WorldError> {
        let write = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            {
                let mut meta = transaction.open_table(META)?;
                meta.insert(VERSION_KEY, VERSION)?;
                meta.insert(SHARDS_KEY, u64::from(settings.shards.get()))?;
            }
            transaction.open_table(MESSAGES)?;
            transaction.open_table(GAS)?;
            let schedule = settings.gas_schedule.bundled_name();
            transaction
                .open_table(SETTINGS)?
                .insert(GAS_SCHEDULE_KEY, schedule)?;
            // So that every table is there from the beginning.
            transaction.open_table(ACCOUNTS)?;
            transaction.open_table(STORAGE)?;
            transaction.open_table(CODE)?;
            transaction.open_table(STEPS)?;
            transaction.open_table(IDS)?;
            write_block(&transaction, CURRENT, &BlockInfo::default())?;
            write_block(&transaction, PREVIOUS, &BlockInfo::default())?;
            Ok(transaction.commit()?)
        };
        write().map_err(trouble(&self.path))
    }

    fn damaged(&self, reason: impl Into<String>) -> WorldError {
        WorldError::Damaged {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    fn check_version(&self) -> Result<(), WorldError> {
        let read = || -> Result<Option<u64>, redb::Error> {
            let meta = self.database.begin_read()?.open_table(META)?;
            Ok(meta.get(VERSION_KEY)?.map(|version| version.value()))
        };
        match read().map_err(trouble(&self.path))? {
            Some(VERSION) => Ok(()),
            Some(found) => Err(WorldError::Version {
                path: self.path.clone(),
                found,
            }),
            None => Err(self.damaged("it has no version")),
        }
    }

    /// Reads everything but the steps.
    pub fn load(&self) -> Result<State, WorldError> {
        let read = || -> Result<_, redb::Error> {
            let transaction = self.database.begin_read()?;
            let settings = transaction.open_table(SETTINGS)?;
            let schedule = settings.get(GAS_SCHEDULE_KEY)?;
            let schedule = schedule.and_then(|name| GasSchedule::from_name(name.value()));
            let kept = transaction.open_table(STEPS)?;
            let steps = kept.last()?.map_or(0, |(number, _)| number.value());
            let (shards, journey) = read_journey(&transaction)?;
            Ok((schedule, read_world(&transaction)?, steps, shards, journey))
        };
        let (schedule, world, steps, shards, journey) = read().map_err(trouble(&self.path))?;
        let shards = shards.ok_or_else(|| self.damaged("its number of shards is unknown"))?;
        Ok(State {
            settings: Settings {
                gas_schedule: schedule.ok_or_else(|| self.damaged("its gas schedule is unknown"))?,
                shards,
            },
            between: Between {
                shards,
                journey: journey.ok_or_else(|| self.damaged("a message is of no known type"))?,
            },
            world: world.map_err(|reason| self.damaged(reason))?,
            steps,
        })
    }

    /// The steps, in order.
    pub fn steps(&self) -> Result<Vec<String>, WorldError> {
        let read = || -> Result<Vec<String>, redb::Error> {
            let table = self.database.begin_read()?.open_table(STEPS)?;
            let rows = table.iter()?.map(|row| Ok(row?.1.value().to_owned()));
            rows.collect()
        };
        read().map_err(trouble(&self.path))
    }

    /// Whether a transaction with this id has been kept.
    pub fn has_id(&self, id: &str) -> Result<bool, WorldError> {
        let read = || -> Result<bool, redb::Error> {
            let table = self.database.begin_read()?.open_table(IDS)?;
            Ok(table.get(id)?.is_some())
        };
        read().map_err(trouble(&self.path))
    }

    /// How many transactions have been kept.
    pub fn ids(&self) -> Result<u64, WorldError> {
        let read = || -> Result<u64, redb::Error> { Ok(self.database.begin_read()?.open_table(IDS)?.len()?) };
        read().map_err(trouble(&self.path))
    }

    /// Begins to change the world.
    pub fn writer(&self) -> Result<Writer<'_>, WorldError> {
        let transaction = self
            .database
            .begin_write()
            .map_err(|error| trouble(&self.path)(error.into()))?;
        Ok(Writer {
            store: self,
            transaction,
        })
    }
}

fn read_world(transaction: &ReadTransaction) -> Result<Result<World, String>, redb::Error> {
    let mut world = World::for_scenario();
    world.current_block = read_block(transaction, CURRENT)?;
    world.previous_block = read_block(transaction, PREVIOUS)?;
    let codes = transaction.open_table(CODE)?;
    for row in transaction.open_table(ACCOUNTS)?.iter()? {
        let (address, row) = row?;
        let (nonce, balance, code_hash, metadata, owner, username, reward, shard, async_call_data) =
            row.value();
        let mut account = Account {
            nonce,
            balance: BigInt::from_signed_bytes_be(balance),
            owner: owner.to_vec(),
            username: username.to_vec(),
            developer_reward: BigInt::from_signed_bytes_be(reward),
            shard,
            async_call_data: async_call_data.to_vec(),
            ..Account::default()
        };
        let code = match code_hash {
            [] => Bytes::new(),
            hash => match codes.get(hash)? {
                Some(code) => code.value().to_vec(),
                None => return Ok(Err("the code of an account is missing".to_owned())),
            },
        };
        account.set_code(code, metadata.to_vec());
        if account.code_hash != code_hash {
            return Ok(Err("the code of an account is not what its hash says".to_owned()));
        }
        world.put(address.value(), account);
    }
    for row in transaction.open_table(STORAGE)?.iter()? {
        let (place, value) = row?;
        let (address, key) = place.value();
        let Some(account) = world.accounts.get_mut(address) else {
            return Ok(Err("there is storage without an account".to_owned()));
        };
        account.storage.insert(key.to_vec(), value.value().to_vec());
    }
    Ok(Ok(world))
}

/// The number of shards, and what is between them.
fn read_journey(transaction: &ReadTransaction) -> Result<(Option<NonZeroU32>, Option<Journey>), redb::Error> {
    let meta = transaction.open_table(META)?;
    let number =
        |key: &str| -> Result<Option<u64>, redb::Error> { Ok(meta.get(key)?.map(|row| row.value())) };
    let shards = number(SHARDS_KEY)?.and_then(|shards| NonZeroU32::new(u32::try_from(shards).ok()?));
    let mut journey = Journey {
        transactions: number(TRANSACTIONS_KEY)?.unwrap_or_default(),
        messages: number(MESSAGES_KEY)?.unwrap_or_default(),
        ..Journey::default()
    };
    for row in transaction.open_table(MESSAGES)?.iter()? {
        let (number, row) = row?;
        let (tx, from, to, value, data, gas_limit, gas_locked, call_type, after_error) = row.value();
        let Some(call_type) = CallType::from_number(call_type.into()) else {
            return Ok((shards, None));
        };
        journey.travelling.push(Message {
            tx: TxId(tx),
            number: number.value(),
            from: from.to_vec(),
            to: to.to_vec(),
            value: BigInt::from_signed_bytes_be(value),
            data: data.to_vec(),
            gas_limit,
            gas_locked,
            call_type,
            after_error,
        });
    }
    for row in transaction.open_table(GAS)?.iter()? {
        let (tx, row) = row?;
        let (provided, used, returned, travelling) = row.value();
        let account = GasAccount {
            provided,
            used,
            returned,
            travelling,
        };
        journey.gas.push((TxId(tx.value()), account));
    }
    Ok((shards, Some(journey)))
}

fn read_block(transaction: &ReadTransaction, name: &str) -> Result<BlockInfo, redb::Error> {
    let blocks = transaction.open_table(BLOCKS)?;
    let row = blocks.get(name)?;
    Ok(row.map_or_else(BlockInfo::default, |row| {
        let (timestamp, nonce, round, epoch, seed) = row.value();
        BlockInfo {
            timestamp,
            nonce,
            round,
            epoch,
            random_seed: seed.to_vec(),
        }
    }))
}

fn write_block(transaction: &WriteTransaction, name: &str, block: &BlockInfo) -> Result<(), redb::Error> {
    let row = (
        block.timestamp,
        block.nonce,
        block.round,
        block.epoch,
        &block.random_seed[..],
    );
    transaction.open_table(BLOCKS)?.insert(name, row)?;
    Ok(())
}

impl Writer<'_> {
    /// Writes what differs between two worlds.
    pub fn world(&self, before: &World, after: &World, changes: &[Change]) -> Result<(), WorldError> {
        let write = || -> Result<(), redb::Error> {
            for change in changes {
                self.account(change)?;
            }
            self.drop_unused_code(changes, after)?;
            for (name, before, after) in [
                (CURRENT, &before.current_block, &after.current_block),
                (PREVIOUS, &before.previous_block, &after.previous_block),
            ] {
                if before != after {
                    write_block(&self.transaction, name, after)?;
                }
            }
            Ok(())
        };
        write().map_err(trouble(&self.store.path))
    }

    /// Writes what is between shards, in place of what was.
    pub fn journey(&self, journey: &Journey) -> Result<(), WorldError> {
        let write = || -> Result<(), redb::Error> {
            let mut meta = self.transaction.open_table(META)?;
            meta.insert(TRANSACTIONS_KEY, journey.transactions)?;
            meta.insert(MESSAGES_KEY, journey.messages)?;
            let mut messages = self.transaction.open_table(MESSAGES)?;
            messages.retain(|_, _| false)?;
            for message in &journey.travelling {
                let value = message.value.to_signed_bytes_be();
                let row = (
                    message.tx.0,
                    &message.from[..],
                    &message.to[..],
                    &value[..],
                    &message.data[..],
                    message.gas_limit,
                    message.gas_locked,
                    message.call_type as u8,
                    message.after_error,
                );
                messages.insert(message.number, row)?;
            }
            let mut gas = self.transaction.open_table(GAS)?;
            gas.retain(|_, _| false)?;
            for (tx, account) in &journey.gas {
                let row = (
                    account.provided,
                    account.used,
                    account.returned,
                    account.travelling,
                );
                gas.insert(tx.0, row)?;
            }
            Ok(())
        };
        write().map_err(trouble(&self.store.path))
    }

    fn account(&self, change: &Change) -> Result<(), redb::Error> {
        let mut accounts = self.transaction.open_table(ACCOUNTS)?;
        let address = &change.address[..];
        match &change.after {
            None => drop(accounts.remove(address)?),
            Some(account) => {
                let (balance, reward) = (
                    account.balance.to_signed_bytes_be(),
                    account.developer_reward.to_signed_bytes_be(),
                );
                let row = (
                    account.nonce,
                    &balance[..],
                    &account.code_hash[..],
                    &account.code_metadata[..],
                    &account.owner[..],
                    &account.username[..],
                    &reward[..],
                    account.shard,
                    &account.async_call_data[..],
                );
                accounts.insert(address, row)?;
                if account.is_contract() {
                    let mut codes = self.transaction.open_table(CODE)?;
                    if codes.get(&account.code_hash[..])?.is_none() {
                        codes.insert(&account.code_hash[..], &account.code[..])?;
                    }
                }
            }
        }
        let mut storage = self.transaction.open_table(STORAGE)?;
        let nothing = BTreeMap::new();
        let [before, after] = [&change.before, &change.after]
            .map(|side| side.as_ref().map_or(&nothing, |account| &account.storage));
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            storage.remove((address, &key[..]))?;
        }
        for (key, value) in after {
            // Empty values are kept as they are, so that the world read back is equal.
            if before.get(key) != Some(value) {
                storage.insert((address, &key[..]), &value[..])?;
            }
        }
        Ok(())
    }

    /// Removes code that no account has any more.
    fn drop_unused_code(&self, changes: &[Change], after: &World) -> Result<(), redb::Error> {
        let mut codes = self.transaction.open_table(CODE)?;
        for account in changes.iter().filter_map(|change| change.before.as_ref()) {
            let hash = &account.code_hash;
            if account.is_contract() && !after.accounts.values().any(|it| it.code_hash == *hash) {
                codes.remove(&hash[..])?;
            }
        }
        Ok(())
    }

    /// Appends a step; the first is number 1.
    pub fn step(&self, number: u64, text: &str) -> Result<(), WorldError> {
        let write = || -> Result<(), redb::Error> {
            self.transaction.open_table(STEPS)?.insert(number, text)?;
            Ok(())
        };
        write().map_err(trouble(&self.store.path))
    }

    /// Keeps the id of a transaction, so that no other gets it.
    pub fn id(&self, id: &str, step: u64) -> Result<(), WorldError> {
        let write = || -> Result<(), redb::Error> {
            self.transaction.open_table(IDS)?.insert(id, step)?;
            Ok(())
        };
        write().map_err(trouble(&self.store.path))
    }

    /// Makes everything written so far happen, all at once and for good.
    pub fn commit(self) -> Result<(), WorldError> {
        self.transaction
            .commit()
            .map_err(|error| trouble(&self.store.path)(error.into()))
    }
}
