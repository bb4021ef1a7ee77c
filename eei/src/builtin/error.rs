//! Why a built-in function refuses. The texts are the reference's: contracts and users see them.

use arwen_interface::HookError;

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuiltinError {
    /// There is no such function.
    #[error("element does not exist in container in function container for key {0}")]
    UnknownFunction(String),
    /// The gas schedule gives no price for the function.
    #[error("Gas cost for operation {0} has been set to 0 or is not set.")]
    Unpriced(&'static str),
    /// The node could not answer.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The calling account should be in this shard but is not.
    #[error("account was not found")]
    AccountNotFound,
    /// No call value was given at all.
    #[error("nil value")]
    NilValue,
    /// EGLD came with the call.
    #[error("built in function called with tx value is not allowed")]
    CalledWithValue,
    /// Too few, too many or unusable arguments; some cases add what is wrong.
    #[error("invalid arguments to process built-in function{0}")]
    InvalidArguments(&'static str),
    /// The gas provided is less than the price.
    #[error("not enough gas was sent in the transaction")]
    NotEnoughGas,
    /// The receiver cannot be the one of this function.
    #[error("invalid receiver address")]
    InvalidReceiver,
    /// An account of this function is not in this shard.
    #[error("nil user account")]
    NilUserAccount,
    /// The account to store in is not in this shard.
    #[error("nil destination SC account")]
    NilDestination,
    /// An amount is zero.
    #[error("negative value")]
    NegativeValue,
    /// The account has not that much.
    #[error("insufficient funds")]
    InsufficientFunds,
    /// The token is not one that has balances alone.
    #[error("only fungible tokens have balance transfer")]
    NotFungible,
    /// The account may not move the token.
    #[error("account is frozen for this esdt token")]
    Frozen,
    /// Nobody may move the token.
    #[error("esdt token is paused")]
    Paused,
    /// Only what is frozen can be wiped.
    #[error("cannot wipe because the account is not frozen for this esdt token")]
    NotFrozen,
    /// The receiver does not accept tokens without a call.
    #[error("sending value to non payable contract")]
    NotPayable,
    /// Only the contract that issues tokens may ask for this, or be asked.
    #[error("destination is not system sc address")]
    NotEsdtSystemContract,
    /// Only the system account has such settings.
    #[error("only system account is accepted")]
    NotSystemAccount,
    /// The account has not the role.
    #[error("action is not allowed")]
    ActionNotAllowed,
    /// The instance has no nonce or no metadata.
    #[error("NFT does not have metadata")]
    NoMetadata,
    /// The amount of instances is zero or more than there are.
    #[error("invalid NFT quantity")]
    InvalidQuantity,
    /// The receiver has another instance under the same nonce.
    #[error("wrong NFT on destination")]
    WrongInstance,
    /// The sender has no such token.
    #[error("new NFT data on sender")]
    NewOnSender,
    /// Token data in storage or in an argument is not what it should be.
    #[error("malformed token data: {0}")]
    Malformed(String),
    /// The caller may not do this to the account; some cases add why.
    #[error("operation in account not permitted{0}")]
    NotPermitted(String),
    /// An address has not the length of one.
    #[error("invalid address length")]
    InvalidAddressLength,
    /// Only name services may name accounts.
    #[error("not a dns address")]
    NotNameService,
    /// The account has a name already.
    #[error("user name change is disabled")]
    UserNameSet,
}
