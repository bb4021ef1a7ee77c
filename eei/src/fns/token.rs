//! Tokens of any account.

use arwen_interface::{Bytes, EsdtMetadata, EsdtToken};

use crate::abi::{BigHandle, MemPtr, MemSlice};
use crate::context::big_int::{from_unsigned, unsigned_bytes};
use crate::errors::Stop;

use super::HostCall;

/// Before the name of a token: the key of the last nonce given to an instance of it.
const LAST_NONCE_KEY: &[u8] = b"ELRONDnonce";

impl HostCall<'_, '_, '_> {
    fn token(&mut self, address: MemPtr, token: MemSlice, nonce: i64) -> Result<EsdtToken, Stop> {
        let address = self.load_address(address)?;
        let token = self.load(token)?;
        Ok(self.run.chain.esdt_token(&address, &token, nonce as u64)?)
    }

    fn length_in_metadata(
        &mut self,
        address: MemPtr,
        token: MemSlice,
        nonce: i64,
        field: impl FnOnce(&EsdtMetadata) -> Option<&Bytes>,
    ) -> Result<i32, Stop> {
        let token = self.token(address, token, nonce)?;
        Ok(token
            .metadata
            .as_ref()
            .and_then(field)
            .map_or(0, |bytes| bytes.len() as i32))
    }

    pub(crate) fn get_esdt_balance(
        &mut self,
        address: MemPtr,
        token: MemSlice,
        nonce: i64,
        result: MemPtr,
    ) -> Result<i32, Stop> {
        let token = self.token(address, token, nonce)?;
        self.store_counted(result, &unsigned_bytes(&token.value.unwrap_or_default()))
    }

    pub(crate) fn get_esdt_nft_name_length(
        &mut self,
        address: MemPtr,
        token: MemSlice,
        nonce: i64,
    ) -> Result<i32, Stop> {
        self.length_in_metadata(address, token, nonce, |metadata| Some(&metadata.name))
    }

    pub(crate) fn get_esdt_nft_attribute_length(
        &mut self,
        address: MemPtr,
        token: MemSlice,
        nonce: i64,
    ) -> Result<i32, Stop> {
        self.length_in_metadata(address, token, nonce, |metadata| Some(&metadata.attributes))
    }

    pub(crate) fn get_esdt_nft_uri_length(
        &mut self,
        address: MemPtr,
        token: MemSlice,
        nonce: i64,
    ) -> Result<i32, Stop> {
        self.length_in_metadata(address, token, nonce, |metadata| metadata.uris.first())
    }

    #[expect(clippy::too_many_arguments, reason = "the contract's side decides")]
    pub(crate) fn get_esdt_token_data(
        &mut self,
        address: MemPtr,
        token: MemSlice,
        nonce: i64,
        value: BigHandle,
        properties: MemPtr,
        hash: MemPtr,
        name: MemPtr,
        attributes: MemPtr,
        creator: MemPtr,
        royalties: BigHandle,
        uris: MemPtr,
    ) -> Result<i32, Stop> {
        let token = self.token(address, token, nonce)?;
        let amount = token.value.unwrap_or_default();
        let len = unsigned_bytes(&amount).len() as i32;
        self.run.big_ints.set(value.0, amount);
        self.store(properties, &token.properties)?;
        if let Some(metadata) = token.metadata {
            self.store(hash, &metadata.hash)?;
            self.store(name, &metadata.name)?;
            self.store(attributes, &metadata.attributes)?;
            self.store(creator, &metadata.creator)?;
            self.run.big_ints.set(royalties.0, metadata.royalties.into());
            if let Some(uri) = metadata.uris.first() {
                self.store(uris, uri)?;
            }
        }
        Ok(len)
    }

    pub(crate) fn get_current_esdt_nft_nonce(
        &mut self,
        address: MemPtr,
        token: MemSlice,
    ) -> Result<i64, Stop> {
        // Bad pointers are no fault here.
        let Ok(address) = self.load_address(address) else {
            return Ok(0);
        };
        let Ok(token) = self.load(token) else {
            return Ok(0);
        };
        let nonce = self.run.load_from(&address, &[LAST_NONCE_KEY, &token].concat());
        Ok(from_unsigned(&nonce).iter_u64_digits().next().unwrap_or(0) as i64)
    }

    pub(crate) fn big_int_get_esdt_external_balance(
        &mut self,
        address: MemPtr,
        token: MemSlice,
        nonce: i64,
        dest: BigHandle,
    ) -> Result<(), Stop> {
        let token = self.token(address, token, nonce)?;
        self.run.big_ints.set(dest.0, token.value.unwrap_or_default());
        Ok(())
    }
}
