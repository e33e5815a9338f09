//! Authentication by public key: the agent's keys, then key files.

use std::collections::HashSet;
use std::time::Instant;

use ssh2::ErrorCode;

use super::Route;
use super::drive::{Driver, Stop};
use super::keyring::{FileKey, Secret};
use crate::core::silence::{Cause, Phase, Silence};

/// libssh2: the server does not take this key (-18, -19), has no signature algorithm for it (-17, -51), or this machine
/// could not read it (-16, -34, -41, -48) or sign with it (-42).
const NOT_THIS_KEY: [i32; 9] = [-16, -17, -18, -19, -34, -41, -42, -48, -51];

/// How libssh2's messages end where the server hung up while its answer to a key, or to a signature, was awaited. Its
/// code is the same as for an agent that does not sign.
const HUNG_UP: &str = "USERAUTH response";

/// Tries the keys of the route's keyring until one is accepted.
pub(super) fn authenticate(driver: &Driver, route: &Route, deadline: Instant) -> Result<(), Silence> {
    let mut tries = Tries { driver, route, deadline, offered: HashSet::new(), count: 0 };
    let outcome = match tries.agent() {
        Ok(true) => Ok(true),
        Ok(false) => tries.files(),
        Err(stop) => Err(stop),
    };
    let count = tries.count;
    match outcome {
        Ok(true) => Ok(()),
        Ok(false) => {
            Err(Silence { phase: Phase::Auth, cause: Cause::AuthFailed { offered: count, note: route.keys.note() } })
        }
        // sshd counts every refused key (MaxAuthTries, six as it comes) and then hangs up.
        Err(Stop::Closed) if count > 1 => Err(Silence {
            phase: Phase::Auth,
            cause: Cause::AuthFailed {
                offered: count,
                note: Some(format!("the server hung up after {count} keys: name one with ssh.identity")),
            },
        }),
        Err(stop) => Err(stop.silence(Phase::Auth)),
    }
}

struct Tries<'a> {
    driver: &'a Driver,
    route: &'a Route,
    deadline: Instant,
    /// Public keys that the server has refused already, in SSH wire format.
    offered: HashSet<Vec<u8>>,
    count: usize,
}

impl Tries<'_> {
    /// The agent's keys, those of the keyring's files first.
    fn agent(&mut self) -> Result<bool, Stop> {
        if !self.route.keys.asks_agent() {
            return Ok(false);
        }
        // An agent that has gone since it was listed counts as one without keys.
        let Ok(mut agent) = self.driver.session.agent() else { return Ok(false) };
        if agent.connect().and_then(|()| agent.list_identities()).is_err() {
            return Ok(false);
        }
        let Ok(mut identities) = agent.identities() else { return Ok(false) };
        identities.retain(|identity| self.route.keys.offers(identity.blob()));
        identities.sort_by_key(|identity| !self.route.keys.has_file_of(identity.blob()));
        for identity in &identities {
            self.count += 1;
            let outcome = self.driver.drive(self.deadline, || agent.userauth(&self.route.user, identity));
            if accepted(outcome)? {
                return Ok(true);
            }
            self.offered.insert(identity.blob().to_vec());
        }
        Ok(false)
    }

    /// The key files; those whose public half is not known, and might have been refused already, come last.
    fn files(&mut self) -> Result<bool, Stop> {
        let mut keys: Vec<&FileKey> = self.route.keys.files().iter().collect();
        keys.sort_by_key(|key| key.public.is_none());
        for key in keys {
            let is_refused = key.public.as_ref().is_some_and(|public| self.offered.contains(public));
            if !is_refused && self.file(key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn file(&mut self, key: &FileKey) -> Result<bool, Stop> {
        let Secret::Open { text, passphrase } = &key.secret else { return Ok(false) };
        self.count += 1;
        let passphrase = passphrase.as_ref().map(|passphrase| passphrase.as_str());
        accepted(self.driver.drive(self.deadline, || {
            self.driver.session.userauth_pubkey_memory(&self.route.user, None, text, passphrase)
        }))
    }
}

fn accepted(outcome: Result<(), Stop>) -> Result<bool, Stop> {
    match outcome {
        Ok(()) => Ok(true),
        Err(Stop::Refused(error)) if error.message().ends_with(HUNG_UP) => Err(Stop::Closed),
        Err(Stop::Refused(error)) => match error.code() {
            ErrorCode::Session(code) if NOT_THIS_KEY.contains(&code) => Ok(false),
            _ => Err(Stop::Refused(error)),
        },
        Err(stop) => Err(stop),
    }
}
