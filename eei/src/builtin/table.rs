//! The built-in functions, one row each: name on the wire, price, since when.

use arwen_interface::VmOutput;
use arwen_metering::BuiltInKey;

use super::BuiltinError;
use super::call::Call;
use super::functions::{account, create_role, fungible, instance, multi_transfer, nft_transfer, settings};

/// The body of a built-in function.
pub(super) type Handler = fn(&mut Call<'_>) -> Result<VmOutput, BuiltinError>;

/// Since when a function can be called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Since {
    /// From the first epoch on.
    Always,
    /// From the epoch that brought improvements to non-fungible tokens on.
    NftImprovement,
}

macro_rules! builtin_functions {
    ($($(#[$doc:meta])* $name:literal $variant:ident = $handler:path, $price:expr, $since:ident;)*) => {
        /// A built-in function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum BuiltinFunction { $($(#[$doc])* $variant,)* }

        impl BuiltinFunction {
            /// Every built-in function.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name it is called by.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The function with this name, if there is one.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            pub(super) fn handler(self) -> Handler {
                match self { $(Self::$variant => $handler,)* }
            }

            /// Where its price stands in a gas schedule; `None` for what costs nothing.
            pub(super) fn price_key(self) -> Option<BuiltInKey> {
                match self { $(Self::$variant => $price,)* }
            }

            fn since(self) -> Since {
                match self { $(Self::$variant => Since::$since,)* }
            }
        }
    };
}

builtin_functions! {
    /// Pays a contract's developer reward to its owner.
    "ClaimDeveloperRewards" ClaimDeveloperRewards = account::claim_developer_rewards,
        Some(BuiltInKey::ClaimDeveloperRewards), Always;
    /// Gives a contract another owner.
    "ChangeOwnerAddress" ChangeOwnerAddress = account::change_owner, Some(BuiltInKey::ChangeOwnerAddress), Always;
    /// Names an account.
    "SetUserName" SetUserName = account::set_user_name, Some(BuiltInKey::SaveUserName), Always;
    /// Stores pairs of keys and values in the caller's account.
    "SaveKeyValue" SaveKeyValue = account::save_key_value, Some(BuiltInKey::SaveKeyValue), Always;
    /// Stops all movements of a token.
    "ESDTPause" EsdtPause = settings::pause, None, Always;
    /// Allows movements of a token again.
    "ESDTUnPause" EsdtUnPause = settings::unpause, None, Always;
    /// Moves an amount of a fungible token, and may go on with a call.
    "ESDTTransfer" EsdtTransfer = fungible::transfer, Some(BuiltInKey::ESDTTransfer), Always;
    /// Destroys an amount of a fungible token, with the contract that issued it told.
    "ESDTBurn" EsdtBurn = fungible::burn, Some(BuiltInKey::ESDTBurn), Always;
    /// Stops movements of a token of one account.
    "ESDTFreeze" EsdtFreeze = settings::freeze, None, Always;
    /// Allows movements of a token of one account again.
    "ESDTUnFreeze" EsdtUnFreeze = settings::unfreeze, None, Always;
    /// Takes a frozen token away.
    "ESDTWipe" EsdtWipe = settings::wipe, None, Always;
    /// Gives an account roles for a token.
    "ESDTSetRole" EsdtSetRole = settings::set_roles, None, Always;
    /// Takes roles for a token from an account.
    "ESDTUnSetRole" EsdtUnSetRole = settings::unset_roles, None, Always;
    /// Destroys an amount of a fungible token.
    "ESDTLocalBurn" EsdtLocalBurn = fungible::local_burn, Some(BuiltInKey::ESDTLocalBurn), Always;
    /// Makes an amount of a fungible token.
    "ESDTLocalMint" EsdtLocalMint = fungible::local_mint, Some(BuiltInKey::ESDTLocalMint), Always;
    /// Makes more of an instance.
    "ESDTNFTAddQuantity" EsdtNftAddQuantity = instance::add_quantity, Some(BuiltInKey::ESDTNFTAddQuantity), Always;
    /// Destroys an amount of an instance.
    "ESDTNFTBurn" EsdtNftBurn = instance::burn, Some(BuiltInKey::ESDTNFTBurn), Always;
    /// Makes an instance.
    "ESDTNFTCreate" EsdtNftCreate = instance::create, Some(BuiltInKey::ESDTNFTCreate), Always;
    /// Moves an amount of an instance, and may go on with a call.
    "ESDTNFTTransfer" EsdtNftTransfer = nft_transfer::transfer, Some(BuiltInKey::ESDTNFTTransfer), Always;
    /// Hands the role of making instances to another account.
    "ESDTNFTCreateRoleTransfer" EsdtNftCreateRoleTransfer = create_role::transfer, None, Always;
    /// Changes the attributes of an instance.
    "ESDTNFTUpdateAttributes" EsdtNftUpdateAttributes = instance::update_attributes,
        Some(BuiltInKey::ESDTNFTUpdateAttributes), NftImprovement;
    /// Adds places where an instance is found.
    "ESDTNFTAddURI" EsdtNftAddUri = instance::add_uris, Some(BuiltInKey::ESDTNFTAddURI), NftImprovement;
    /// Moves amounts of several tokens and instances at once, and may go on with a call.
    "MultiESDTNFTTransfer" MultiEsdtNftTransfer = multi_transfer::transfer, Some(BuiltInKey::ESDTNFTMultiTransfer),
        NftImprovement;
}

impl BuiltinFunction {
    /// Whether the function can be called in `epoch`, when the improvements to non-fungible tokens began with
    /// `nft_improvement_epoch`.
    pub fn is_active(self, epoch: u32, nft_improvement_epoch: u32) -> bool {
        match self.since() {
            Since::Always => true,
            Since::NftImprovement => epoch >= nft_improvement_epoch,
        }
    }
}
