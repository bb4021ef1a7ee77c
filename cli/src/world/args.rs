//! The arguments of `arwen world`, and the examples of its help.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What every command here ends with.
macro_rules! exit_codes {
    () => {
        "

Exit codes:
  0  done
  1  the contract, or a rule, said no: the transaction failed, and its sender has paid for it
  2  the command, a value or a file cannot be used, or the transaction was refused; nothing has changed
  3  the world cannot be used: it is missing, in use, unreadable or of another version"
    };
}

const ABOUT: &str = "A local world that persists: accounts, contracts and blocks in a folder.

Each command is one transaction of the folder's database: it happens completely or not at all, and what has happened \
stays. A command that is refused changes nothing. `arwen world export` writes everything done so far as a scenario that \
`arwen scenario run` and `arwen profile` take.

Addresses, arguments and amounts are written as in scenarios: address:alice, sc:counter, str:text, u64:7, biguint:7, \
0x0a0b, 1000, file:PATH, several joined by |.";

const EXAMPLE: &str = concat!(
    "Example:
  arwen world init
  arwen world create-account address:alice --balance 1000
  arwen world deploy counter.wasm 5 --from address:alice --at sc:counter
  arwen world call sc:counter increment 10 --from address:alice
  arwen world query sc:counter get
  arwen world show
  arwen world export session.scen.json",
    exit_codes!()
);

const INIT_EXAMPLE: &str = concat!(
    "Examples:
  arwen world init --world market --gas-schedule v2
  arwen world init --shards 3

With several shards, what goes to another shard is on its way until `arwen world advance` lets a block pass. The last
byte of sc:shop#01 is 01. Gas costs nothing there.",
    exit_codes!()
);

/// The arguments of `arwen world`.
#[derive(Debug, Args)]
#[command(long_about = ABOUT, after_help = EXAMPLE)]
pub struct WorldArgs {
    /// The folder of the world
    #[arg(
        long,
        value_name = "DIR",
        global = true,
        env = "ARWEN_WORLD",
        hide_env_values = true,
        default_value = "world"
    )]
    pub world: PathBuf,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes an empty world
    #[command(after_help = INIT_EXAMPLE)]
    Init {
        /// Prices: v1, v2, v3 or dummy (every price 1)
        #[arg(long, value_name = "NAME", default_value = "v3")]
        gas_schedule: String,
        /// How many shards: an address is in the shard of its last byte, modulo this number
        #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
        shards: u32,
    },
    /// Puts an account into the world
    #[command(
        after_help = concat!("Example:\n  arwen world create-account address:alice --balance 1,000,000 --esdt GOLD-123456=500", exit_codes!()))]
    CreateAccount {
        /// Its address
        address: String,
        /// Its EGLD, in the smallest unit
        #[arg(long, value_name = "AMOUNT", default_value = "0")]
        balance: String,
        /// Tokens it has: TOKEN=AMOUNT, or TOKEN#NONCE=AMOUNT for an instance; may be given several times
        #[arg(long, value_name = "TOKEN=AMOUNT")]
        esdt: Vec<String>,
    },
    /// Deploys a contract
    #[command(
        after_help = concat!("Example:\n  arwen world deploy counter.wasm 5 --from address:alice --at sc:counter\n\n\
                      Without --at the contract gets an address made of its creator's; the answer names it.", exit_codes!()))]
    Deploy {
        /// The contract, a binary module
        #[arg(value_name = "FILE.wasm")]
        code: PathBuf,
        /// Arguments of init
        #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
        arguments: Vec<String>,
        /// Its address
        #[arg(long, value_name = "ADDRESS")]
        at: Option<String>,
        /// The two metadata bytes of the code (default: upgradeable, readable, payable)
        #[arg(long, value_name = "0xHHHH")]
        metadata: Option<String>,
        /// EGLD that comes with it, in the smallest unit
        #[arg(long, value_name = "AMOUNT", default_value = "0")]
        value: String,
        #[command(flatten)]
        sender: Sender,
    },
    /// Gives a contract other code
    #[command(
        after_help = concat!("Example:\n  arwen world upgrade sc:counter counter-2.wasm 0 --from address:alice", exit_codes!()))]
    Upgrade {
        /// The contract
        #[arg(value_name = "CONTRACT")]
        contract: String,
        /// The other code, a binary module
        #[arg(value_name = "FILE.wasm")]
        code: PathBuf,
        /// Arguments of init
        #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
        arguments: Vec<String>,
        #[command(flatten)]
        sender: Sender,
    },
    /// Calls a contract
    #[command(
        after_help = concat!("Examples:\n  arwen world call sc:counter increment 10 --from address:alice\n  \
                      arwen world call sc:token transfer address:bob 1000 --from address:alice --gas-limit 10000000\n  \
                      arwen world call sc:market bid u32:7 --from address:bob --esdt GOLD-123456=5\n  \
                      arwen world call sc:counter increment --from address:alice --trace call.trace.json", exit_codes!()))]
    Call {
        /// The contract
        #[arg(value_name = "CONTRACT")]
        contract: String,
        /// The function
        function: String,
        /// Its arguments
        #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
        arguments: Vec<String>,
        #[command(flatten)]
        payment: Payment,
        #[command(flatten)]
        sender: Sender,
    },
    /// Asks a contract; nothing changes
    #[command(after_help = concat!("Example:\n  arwen world query sc:token balanceOf address:bob", exit_codes!()))]
    Query {
        /// The contract
        #[arg(value_name = "CONTRACT")]
        contract: String,
        /// The function
        function: String,
        /// Its arguments
        #[arg(value_name = "ARGUMENT", allow_negative_numbers = true)]
        arguments: Vec<String>,
        #[command(flatten)]
        watch: Watch,
    },
    /// Moves EGLD or tokens from one account to another
    #[command(after_help = concat!("Example:\n  arwen world transfer address:alice address:bob --value 500", exit_codes!()))]
    Transfer {
        /// Who sends
        from: String,
        /// Who receives
        to: String,
        #[command(flatten)]
        payment: Payment,
        /// A name for the transaction; a second one of the same name is refused
        #[arg(long)]
        id: Option<String>,
    },
    /// Lets blocks and time pass
    #[command(
        after_help = concat!("Examples:\n  arwen world advance                  # one block, 6 seconds\n  \
                      arwen world advance --blocks 10      # ten blocks, 60 seconds\n  \
                      arwen world advance --time 86400     # a day, and its 14,400 blocks", exit_codes!()))]
    Advance {
        /// How many blocks (default: one each 6 seconds, and at least one)
        #[arg(long, value_name = "N")]
        blocks: Option<u64>,
        /// How many seconds (default: 6 a block)
        #[arg(long, value_name = "SECONDS")]
        time: Option<u64>,
        /// How many epochs
        #[arg(long, value_name = "N", default_value_t = 0)]
        epochs: u32,
        /// The random seed of the block, 48 bytes (default: as before)
        #[arg(long, value_name = "BYTES")]
        seed: Option<String>,
    },
    /// Shows the accounts and the block, or all of one account
    #[command(after_help = concat!("Example:\n  arwen world show sc:counter", exit_codes!()))]
    Show {
        /// The account
        address: Option<String>,
    },
    /// Writes everything done so far as a scenario that reproduces the world
    #[command(
        after_help = concat!("Example:\n  arwen world export session.scen.json && arwen scenario run session.scen.json", exit_codes!()))]
    Export {
        /// Where to (default: standard output)
        #[arg(value_name = "FILE.scen.json")]
        file: Option<PathBuf>,
    },
}

/// Who sends a transaction, and on which terms.
#[derive(Debug, Args)]
pub struct Sender {
    /// Who sends it
    #[arg(long, value_name = "ADDRESS")]
    pub from: String,
    /// The gas it may use
    #[arg(long, value_name = "UNITS", default_value_t = 50_000_000)]
    pub gas_limit: u64,
    /// EGLD that a unit of gas costs, in the smallest unit; all of the limit is paid for
    #[arg(long, value_name = "AMOUNT", default_value_t = 0)]
    pub gas_price: u64,
    /// A name for the transaction; a second one of the same name is refused
    #[arg(long)]
    pub id: Option<String>,
    #[command(flatten)]
    pub watch: Watch,
}

/// What is to be told about a run besides what it changed.
#[derive(Debug, Default, Args)]
pub struct Watch {
    /// Print also what the gas went for
    #[arg(long, conflicts_with = "json")]
    pub profile: bool,
    /// Write the run with every answer of the world to a file, for `arwen replay`
    #[arg(long, value_name = "FILE", conflicts_with = "profile")]
    pub trace: Option<PathBuf>,
}

/// What comes with a transaction.
#[derive(Debug, Args)]
pub struct Payment {
    /// EGLD, in the smallest unit
    #[arg(long, value_name = "AMOUNT", default_value = "0")]
    pub value: String,
    /// Tokens: TOKEN=AMOUNT, or TOKEN#NONCE=AMOUNT for an instance; may be given several times
    #[arg(long, value_name = "TOKEN=AMOUNT")]
    pub esdt: Vec<String>,
}
