//! Who is at this machine: the one that terms and the journal name.

use crate::core::text::harmless;

/// The most characters of a user's or a machine's name that are told.
const NAME_CHARS_MAX: usize = 64;

/// The operator, `user@host`: one line, safe to show.
#[must_use]
pub fn operator() -> String {
    let uid = rustix::process::getuid().as_raw();
    let accounts = || std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = user().or_else(|| account(&accounts(), uid)).unwrap_or_else(|| format!("uid-{uid}"));
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let part = |name: &str| harmless(name, NAME_CHARS_MAX).replace(' ', "_");
    format!("{}@{}", part(&user), part(&host))
}

/// The local user, as the environment has it: `USER`, else `LOGNAME`.
#[must_use]
pub fn user() -> Option<String> {
    ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
}

/// The name of an account in the text of `/etc/passwd`.
fn account(accounts: &str, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    let mut accounts = accounts.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let account = accounts.find(|account| account.get(2) == Some(&uid.as_str()))?;
    account.first().filter(|name| !name.is_empty()).map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        let accounts = "root:x:0:0::/:/bin/sh\n\nbroken\nann:x:1000:1000::/home/ann:/bin/sh\n";
        assert_eq!(account(accounts, 1000).as_deref(), Some("ann"));
        assert_eq!(account(accounts, 100), None);
    }

    #[test]
    fn the_operator_is_a_user_at_a_host() {
        let operator = operator();
        let (user, host) = operator.split_once('@').unwrap();
        assert!(!user.is_empty() && !host.is_empty() && !operator.contains(' '), "{operator}");
    }
}
