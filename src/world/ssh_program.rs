//! OpenSSH's own client, `ssh`: for a person who wants to be on a node.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::core::inventory::{ConfigFile, Node};
use crate::core::shell::quote;
use crate::core::ssh_config::UnknownKey;
use crate::error::{Error, Exit};

/// A host that ssh is to reach.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    /// The node.
    pub node: &'a Node,
    /// What becomes of a host key that is not recorded. It is not left to ssh, which would ask a person, or follow a
    /// `no`.
    pub unknown: UnknownKey,
}

/// `ssh` with all its arguments.
#[derive(Debug)]
pub struct Client(Vec<OsString>);

impl Client {
    /// Logs in to the node within the timeout, through another one where that is named, or runs a line in its login
    /// shell; `tty` asks for a terminal for that line.
    #[must_use]
    pub fn new(to: Host<'_>, via: Option<Host<'_>>, timeout: Duration, tty: bool, line: Option<&str>) -> Self {
        let mut first = Settings(Vec::new());
        // ssh knows whole seconds, and takes 0 for its own default.
        let timeout_s = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
        first.option("ConnectTimeout", &timeout_s.to_string());
        if let Some(via) = via {
            // Of this and the node's own jumps ssh takes what comes first.
            first.option("ProxyCommand", &forwarding(via, &first));
        }
        let mut arguments = first.0;
        arguments.extend(settings(to));
        arguments.extend(tty.then(|| "-t".into()));
        // Nothing behind this is an option, whatever it looks like.
        arguments.extend(["--".into(), OsString::from(&to.node.host)]);
        arguments.extend(line.map(OsString::from));
        Self(arguments)
    }

    /// Replaces this process by ssh; returns only where that cannot be.
    #[must_use]
    pub fn become_it(self) -> Error {
        unusable(Command::new("ssh").args(self.0).exec())
    }

    /// Runs ssh and waits for its end; returns its exit status.
    ///
    /// # Errors
    /// There is no ssh.
    pub async fn wait(self) -> Result<u8, Error> {
        let mut child = Command::new("ssh").args(self.0).spawn().map_err(unusable)?;
        let ended = tokio::task::spawn_blocking(move || child.wait()).await;
        let ended = ended.map_err(|lost| Error::unexpected("waiting for ssh was cut off").because(lost))?;
        let status = ended.map_err(|error| Error::unexpected("cannot wait for ssh").because(error))?;
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
        Ok(u8::try_from(code).unwrap_or(u8::MAX))
    }
}

/// What the inventory says of reaching a node, as options; it is stronger than ssh's own configuration.
fn settings(host: Host<'_>) -> Vec<OsString> {
    let ssh = &host.node.ssh;
    let mut settings = Settings(Vec::new());
    match &ssh.config {
        ConfigFile::Usual => {}
        ConfigFile::File(path) => settings.0.extend(["-F".into(), path.into()]),
        ConfigFile::None => settings.0.extend(["-F".into(), "none".into()]),
    }
    if let Some(jump) = &ssh.jump {
        settings.option("ProxyJump", jump);
    }
    if let Some(port) = ssh.port {
        settings.0.extend(["-p".into(), port.to_string().into()]);
    }
    let may_be_new = host.unknown != UnknownKey::Refused && ssh.host_key.is_none();
    settings.option("StrictHostKeyChecking", if may_be_new { "accept-new" } else { "yes" });
    if let Some(user) = &ssh.user {
        settings.0.extend(["-l".into(), user.into()]);
    }
    if let Some(identity) = &ssh.identity {
        settings.option("IdentityFile", &word(identity));
        settings.option("IdentitiesOnly", "yes");
    }
    if let Some(pin) = &ssh.host_key {
        // %H is the name under which ssh looks the host up, [host]:port included. The key is checked to be one, so
        // there is nothing in it that would need quoting.
        let key: Vec<&str> = pin.split_whitespace().take(2).collect();
        settings.option("KnownHostsCommand", &format!("/bin/sh -c 'echo \"$0\"' \"%H {}\"", key.join(" ")));
        settings.option("UserKnownHostsFile", "/dev/null");
        settings.option("GlobalKnownHostsFile", "/dev/null");
    } else if let Some(known_hosts) = &ssh.known_hosts {
        settings.option("UserKnownHostsFile", &word(known_hosts));
        settings.option("GlobalKnownHostsFile", "/dev/null");
    }
    settings.0
}

/// The command by which another node forwards to the one that ssh is asked for.
fn forwarding(via: Host<'_>, first: &Settings) -> String {
    let settings = first.0.iter().cloned().chain(settings(via));
    // The ssh that runs the command puts its own words in place of tokens: those of the node's options are not meant.
    let words = settings.map(|word| quote(&word.to_string_lossy()).replace('%', "%%"));
    format!("ssh {} -W '[%h]:%p' -- {}", words.collect::<Vec<_>>().join(" "), quote(&via.node.host))
}

struct Settings(Vec<OsString>);

impl Settings {
    fn option(&mut self, name: &str, value: &str) {
        self.0.extend(["-o".into(), format!("{name}={value}").into()]);
    }
}

/// A path as one word of ssh's configuration, where `%` begins a token.
fn word(path: &Path) -> String {
    let text = path.display().to_string().replace('\\', r"\\").replace('"', "\\\"").replace('%', "%%");
    format!("\"{text}\"")
}

fn unusable(error: io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => "install OpenSSH's client; m3m exec needs none",
        _ => "m3m exec needs no ssh",
    };
    Error::new(Exit::Refused, "cannot run ssh").because(error).hint(hint)
}
