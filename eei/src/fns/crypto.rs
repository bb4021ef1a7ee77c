//! Hashes and signatures.

use arwen_interface::Bytes;
use arwen_metering::GasKey;

use crate::abi::{MemPtr, MemSlice};
use crate::crypto::{self, Digest, SignatureError};
use crate::errors::{EeiError, Stop};

use super::{HostCall, charged};

/// What contracts see of a signature check.
fn verdict(check: Result<(), SignatureError>) -> i32 {
    if check.is_ok() { 0 } else { -1 }
}

impl HostCall<'_, '_, '_> {
    fn hash<D: Digest>(&mut self, data: MemSlice, result: MemPtr) -> Result<i32, Stop> {
        self.run.charge_bytes(GasKey::DataCopyPerByte, charged(data.len));
        let mut hash = D::new();
        self.pieces(data)?.for_each(|piece| hash.update(piece));
        self.store(result, &hash.finalize())?;
        Ok(0)
    }

    pub(crate) fn sha256(&mut self, data: MemSlice, result: MemPtr) -> Result<i32, Stop> {
        self.hash::<crypto::Sha256>(data, result)
    }

    pub(crate) fn keccak256(&mut self, data: MemSlice, result: MemPtr) -> Result<i32, Stop> {
        self.hash::<crypto::Keccak256>(data, result)
    }

    pub(crate) fn ripemd160(&mut self, data: MemSlice, result: MemPtr) -> Result<i32, Stop> {
        self.hash::<crypto::Ripemd160>(data, result)
    }

    /// The key of a signature, and a look at the message, in the order of charges and faults all checks have.
    fn key_and_message(&mut self, key: MemSlice, message: MemSlice) -> Result<Bytes, Stop> {
        let key = self.load(key)?;
        self.run
            .charge_bytes(GasKey::DataCopyPerByte, charged(message.len));
        self.pieces(message)?;
        Ok(key)
    }

    pub(crate) fn verify_bls(
        &mut self,
        key: MemPtr,
        message: MemSlice,
        signature: MemPtr,
    ) -> Result<i32, Stop> {
        let key = self.key_and_message(key.with_len(crypto::BLS_KEY_LEN as i32), message)?;
        let signature = self.load(signature.with_len(crypto::BLS_SIGNATURE_LEN as i32))?;
        let message = crypto::BlsMessage::of(self.pieces(message)?);
        // Some milliseconds, in which nothing looks at the flag.
        let preemption = &self.run.core.preemption;
        Ok(preemption.apart(move |_| verdict(crypto::verify_bls(&key, message.as_ref(), &signature))))
    }

    pub(crate) fn verify_ed25519(
        &mut self,
        key: MemPtr,
        message: MemSlice,
        signature: MemPtr,
    ) -> Result<i32, Stop> {
        let key = self.key_and_message(key.with_len(crypto::ED25519_KEY_LEN as i32), message)?;
        let signature = self.load(signature.with_len(crypto::ED25519_SIGNATURE_LEN as i32))?;
        let message = self.pieces(message)?;
        let is_wanted = message.are_wanted();
        Ok(verdict(crypto::verify_ed25519(
            &key, message, &signature, is_wanted,
        )))
    }

    pub(crate) fn verify_secp256k1(
        &mut self,
        key: MemSlice,
        message: MemSlice,
        signature: MemPtr,
    ) -> Result<i32, Stop> {
        let lengths = [
            crypto::SECP256K1_COMPRESSED_KEY_LEN,
            crypto::SECP256K1_UNCOMPRESSED_KEY_LEN,
        ];
        if !lengths.iter().any(|len| *len as i32 == key.len) {
            return Err(EeiError::InvalidKeySize.into());
        }
        let key = self.key_and_message(key, message)?;
        // The second byte of a DER signature says how much follows.
        let header_len = crypto::SECP256K1_HEADER_LEN as i32;
        let header = self.load(signature.with_len(header_len))?;
        let rest = header.get(1).copied().unwrap_or(0);
        let signature = self.load(signature.with_len(i32::from(rest) + header_len))?;
        let message = self.pieces(message)?;
        let is_wanted = message.are_wanted();
        Ok(verdict(crypto::verify_secp256k1(
            &key, message, &signature, is_wanted,
        )))
    }
}
