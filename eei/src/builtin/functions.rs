//! The functions themselves, by what they work on.

pub(super) mod account;
pub(super) mod create_role;
pub(super) mod fungible;
pub(super) mod instance;
pub(super) mod multi_transfer;
pub(super) mod nft_transfer;
pub(super) mod settings;

/// The role that lets an account destroy its units of a fungible token.
const ROLE_LOCAL_BURN: &str = "ESDTRoleLocalBurn";
/// The role that lets an account make units of a fungible token.
const ROLE_LOCAL_MINT: &str = "ESDTRoleLocalMint";
/// The role that lets an account make instances.
const ROLE_NFT_CREATE: &str = "ESDTRoleNFTCreate";
/// The role that lets an account make more of an instance.
const ROLE_NFT_ADD_QUANTITY: &str = "ESDTRoleNFTAddQuantity";
/// The role that lets an account destroy instances.
const ROLE_NFT_BURN: &str = "ESDTRoleNFTBurn";
/// The role that lets an account add places where an instance is found.
const ROLE_NFT_ADD_URI: &str = "ESDTRoleNFTAddURI";
/// The role that lets an account change an instance's attributes.
const ROLE_NFT_UPDATE_ATTRIBUTES: &str = "ESDTRoleNFTUpdateAttributes";
