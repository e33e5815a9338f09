//! Public keys: as text (`ssh-ed25519 AAAA…`) and in the SSH wire format.

use ssh_key::sha2::{Digest, Sha256};
use ssh_key::{Algorithm, Fingerprint, PublicKey};

/// A recorded public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    type_name: String,
    /// The wire format; nothing for a type that is not known here, which therefore no server can show.
    blob: Option<Vec<u8>>,
}

impl Key {
    pub(super) fn read(type_name: &str, base64: &str) -> Result<Self, &'static str> {
        let blob = match type_name.parse::<Algorithm>() {
            Err(_) => None,
            Ok(_) => Some(
                PublicKey::from_openssh(&format!("{type_name} {base64}"))
                    .and_then(|key| key.to_bytes())
                    .map_err(|_| "the key is broken")?,
            ),
        };
        Ok(Self { type_name: type_name.to_owned(), blob })
    }

    pub(super) fn type_name(&self) -> &str {
        &self.type_name
    }

    pub(super) fn blob(&self) -> Option<&[u8]> {
        self.blob.as_deref()
    }

    pub(super) fn is(&self, blob: &[u8]) -> bool {
        self.blob() == Some(blob)
    }

    /// Reads `ssh-ed25519 AAAA… comment`.
    fn of_pin(pin: &str) -> Option<Self> {
        let mut words = pin.split_ascii_whitespace();
        let key = Self::read(words.next()?, words.next()?).ok()?;
        key.blob.is_some().then_some(key)
    }
}

/// The type that a key in the wire format says it is of.
pub(super) fn type_of(blob: &[u8]) -> Option<&str> {
    let (length, rest) = blob.split_first_chunk::<4>()?;
    let name = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    str::from_utf8(name).ok()
}

/// A public key in the wire format as text, `ssh-ed25519 AAAA…`.
pub(super) fn as_text(key_blob: &[u8]) -> Option<String> {
    PublicKey::from_bytes(key_blob).and_then(|key| key.to_openssh()).ok()
}

/// The fingerprint of a public key in the wire format, as OpenSSH shows it: `SHA256:…`.
#[must_use]
pub fn fingerprint(key_blob: &[u8]) -> String {
    Fingerprint::Sha256(Sha256::digest(key_blob).into()).to_string()
}

/// Whether a pinned key (`ssh-ed25519 AAAA… comment`) is the one in the wire format. A broken pin fits nothing.
#[must_use]
pub fn matches_pin(pin: &str, key_blob: &[u8]) -> bool {
    Key::of_pin(pin).is_some_and(|key| key.is(key_blob))
}

/// The type of a pinned key, such as `ssh-ed25519`; nothing where the pin is no key that can be read.
#[must_use]
pub fn pin_key_type(pin: &str) -> Option<String> {
    Key::of_pin(pin).map(|key| key.type_name)
}
