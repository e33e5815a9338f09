//! Authentication by public key: the agent's keys, then key files.

use std::collections::HashSet;
use std::time::Instant;

use ssh2::ErrorCode;

use super::drive::{Driver, Stop};
use super::key_file::{KeyFile, Secret};
use super::{Route, agent};
use crate::core::silence::{Cause, Phase, Silence};
use crate::core::text::harmless;

/// libssh2: the server does not take this key (-18, -19), has no signature algorithm for it (-17, -51), or this machine
/// could not read it (-16, -34, -41, -48) or sign with it (-42).
const NOT_THIS_KEY: [i32; 9] = [-16, -17, -18, -19, -34, -41, -42, -48, -51];

/// How libssh2's messages end where the server hung up while its answer to a key, or to a signature, was awaited. Its
/// code is the same as for an agent that does not sign.
const HUNG_UP: &str = "USERAUTH response";

/// The most characters shown of what a server wants.
const METHODS_SHOWN_MAX: usize = 80;

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
            let note = tries.asks_for_more().or_else(|| route.keys.note());
            Err(Silence { phase: Phase::Auth, cause: Cause::AuthFailed { offered: count, note } })
        }
        // sshd counts every refused key (MaxAuthTries, six as it comes) and then hangs up.
        Err(Stop::Closed) if count > 1 => Err(Silence {
            phase: Phase::Auth,
            cause: Cause::AuthFailed {
                offered: count,
                note: Some(format!(
                    "the server hung up after {count} keys: name the right one with ssh.identity in the inventory, or \
                     with IdentityFile and IdentitiesOnly in ssh's configuration"
                )),
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
        let Some(socket) = self.route.keys.agent() else { return Ok(false) };
        // An agent that has gone since it was listed counts as one without keys.
        let Ok(agent) = agent::connect(&self.driver.session, socket) else { return Ok(false) };
        let Ok(mut identities) = agent.identities() else { return Ok(false) };
        identities.retain(|identity| self.route.keys.offers(identity.blob()));
        identities.sort_by_key(|identity| self.route.keys.place_of(identity.blob()).unwrap_or(usize::MAX));
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
        let mut keys: Vec<&KeyFile> = self.route.keys.files().collect();
        keys.sort_by_key(|key| key.public.is_none());
        for key in keys {
            let is_refused = key.public.as_ref().is_some_and(|public| self.offered.contains(public));
            if !is_refused && self.file(key)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn file(&mut self, key: &KeyFile) -> Result<bool, Stop> {
        let Secret::Open { text, passphrase } = &key.secret else { return Ok(false) };
        self.count += 1;
        let passphrase = passphrase.as_ref().map(|passphrase| passphrase.as_str());
        accepted(self.driver.drive(self.deadline, || {
            self.driver.session.userauth_pubkey_memory(&self.route.user, None, text, passphrase)
        }))
    }

    /// Whether the server wants something else than a key by now: it takes none, or it took one and wants more. libssh2
    /// does not tell the two apart, and not from a refusal either.
    fn asks_for_more(&self) -> Option<String> {
        let methods =
            self.driver.drive(self.deadline, || self.driver.session.auth_methods(&self.route.user).map(str::to_owned));
        let methods = methods.ok().filter(|methods| !methods.split(',').any(|method| method == "publickey"))?;
        let methods = harmless(&methods.replace(',', ", "), METHODS_SHOWN_MAX);
        Some(format!("the server wants {methods}, in place of a key or beside it; m3m has nothing but keys"))
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
