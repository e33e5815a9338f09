//! A real OpenSSH server on a loopback port, with its own keys and configuration, as the user who runs the tests.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::process::Signal;

use crate::processes;
use crate::support::skipped;
use crate::support::{Finished, finish, until};

/// Where OpenSSH's server stands. It starts itself again for each connection and so wants an absolute path.
const SSHD: &str = "/usr/sbin/sshd";
/// The directory that OpenSSH's server insists on when root starts it.
const PRIVSEP_DIR: &str = "/run/sshd";
/// How long a server may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Another process may take the port that was free a moment ago.
const START_TRIES: usize = 5;

/// What a hardened server speaks, as lines of `sshd_config`.
pub const HARDENED: &str = "KexAlgorithms curve25519-sha256
HostKeyAlgorithms ssh-ed25519
PubkeyAcceptedAlgorithms ssh-ed25519
Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com
";

/// How a server differs from a plain one.
pub struct Options<'a> {
    /// The types of its host keys, as `ssh-keygen -t` names them.
    pub host_keys: &'a [&'a str],
    /// Further lines of `sshd_config`.
    pub config: &'a str,
    /// A shell script that is run in place of what the client asks for (`$SSH_ORIGINAL_COMMAND`).
    pub force_command: Option<&'a str>,
    /// The public keys that get in, in place of a new one of the server's own.
    pub authorized_keys: Option<&'a str>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { host_keys: &["ed25519", "ecdsa"], config: "", force_command: None, authorized_keys: None }
    }
}

/// A running server. It ends with everything that runs in its sessions when this is dropped.
pub struct Sshd {
    dir: tempfile::TempDir,
    server: Child,
    port: u16,
    host_keys: Vec<String>,
    mark: String,
}

/// Whether a server can be started here. Where not, it says so aloud; with `M3M_REQUIRE_SSHD=1` the test fails.
#[track_caller]
pub fn available() -> bool {
    let Some(why) = missing() else { return true };
    assert!(std::env::var_os("M3M_REQUIRE_SSHD").is_none_or(|value| value != "1"), "M3M_REQUIRE_SSHD=1, but {why}");
    skipped(&why);
    false
}

fn missing() -> Option<String> {
    if !Path::new(SSHD).is_file() {
        return Some(format!("there is no {SSHD}: install openssh-server (the service itself need not run)"));
    }
    let on_path = |name: &str| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).any(|dir| dir.join(name).is_file())
    };
    if let Some(name) = ["ssh", "ssh-keygen", "ssh-agent", "ssh-add", "git"].iter().find(|name| !on_path(name)) {
        return Some(format!("there is no {name}"));
    }
    let root = rustix::process::getuid().is_root();
    (root && !Path::new(PRIVSEP_DIR).is_dir())
        .then(|| format!("root's sshd wants the directory {PRIVSEP_DIR}: mkdir -m 755 {PRIVSEP_DIR}"))
}

/// Makes a key pair without a passphrase (or with one) and returns the path of its private half.
pub fn keygen(dir: &Path, kind: &str, name: &str, passphrase: &str) -> PathBuf {
    let path = dir.join(name);
    let args = ["-q", "-t", kind, "-N", passphrase, "-C", name, "-f"];
    finish(Command::new("ssh-keygen").args(args).arg(&path)).assert_code(0);
    path
}

/// The text of the public half of a key, without the line's end.
pub fn public_key(private: &Path) -> String {
    std::fs::read_to_string(private.with_extension("pub")).expect("a public key").trim().to_owned()
}

/// The name of the user who runs the tests, who is the one that can log in.
pub fn user() -> String {
    finish(Command::new("id").arg("-un")).assert_code(0).stdout.trim().to_owned()
}

impl Sshd {
    /// Starts a server and waits until it listens. Ask [`available`] first.
    #[track_caller]
    pub fn start(options: &Options) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let dir = tempfile::Builder::new().prefix("m3m-sshd-").tempdir().expect("a temporary directory");
        let mark = format!("M3M_TEST_SSHD={}.{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        std::fs::create_dir(dir.path().join("home")).expect("the sessions' home");
        let new_host_key = |kind: &&str| public_key(&keygen(dir.path(), kind, &format!("host_{kind}"), ""));
        let host_keys = options.host_keys.iter().map(new_host_key).collect();
        let authorized = match options.authorized_keys {
            Some(keys) => keys.to_owned(),
            None => public_key(&keygen(dir.path(), "ed25519", "client", "")),
        };
        std::fs::write(dir.path().join("authorized_keys"), authorized + "\n").expect("the authorized keys");
        for _ in 0..START_TRIES {
            let port = free_port();
            write_config(dir.path(), port, &mark, options);
            if let Some(server) = spawn(dir.path(), port) {
                return Self { dir, server, port, host_keys, mark };
            }
        }
        panic!("sshd does not start: {}", read_log(dir.path()))
    }

    pub fn pid(&self) -> u32 {
        self.server.id()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's own directory: keys, configuration, log, and whatever a test puts there.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// `$HOME` of the sessions. Their working directory is the user's real home.
    pub fn home(&self) -> PathBuf {
        self.dir().join("home")
    }

    /// The private key that gets in.
    pub fn identity(&self) -> PathBuf {
        self.dir().join("client")
    }

    /// The public host keys, in the order of [`Options::host_keys`].
    pub fn host_keys(&self) -> &[String] {
        &self.host_keys
    }

    /// The name under which `known_hosts` files know the server.
    pub fn known_name(&self) -> String {
        format!("[127.0.0.1]:{}", self.port)
    }

    /// The lines of a `known_hosts` file that hold the server's keys.
    pub fn known_hosts(&self) -> String {
        self.host_keys.iter().map(|key| self.known_name() + " " + key + "\n").collect()
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        read_log(self.dir())
    }

    /// OpenSSH's client, ready to log in with the identity; the host and the command are still to be given.
    pub fn ssh(&self) -> Command {
        std::fs::write(self.dir().join("known_hosts"), self.known_hosts()).expect("a known_hosts file");
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-p", &self.port.to_string(), "-l", &user(), "-o", "BatchMode=yes"]);
        command.args(["-o", "IdentityAgent=none", "-o", "IdentitiesOnly=yes", "-o", "GlobalKnownHostsFile=none"]);
        command.arg("-i").arg(self.identity());
        command.arg("-o").arg(format!("UserKnownHostsFile={}", self.dir().join("known_hosts").display()));
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command on the server with OpenSSH's client.
    pub fn run(&self, command: &str) -> Finished {
        finish(self.ssh().args(["127.0.0.1", command]))
    }

    /// Starts a server that was killed once more, on the same port.
    #[track_caller]
    pub fn restart(&mut self) {
        let _ = self.server.wait();
        self.server = spawn(self.dir.path(), self.port).expect("the port is still free");
    }

    /// Sends a signal to the server and to everything in its sessions.
    pub fn signal(&self, signal: Signal) {
        processes::signal_tree(self.server.id(), signal);
        processes::signal_marked(&self.mark, signal);
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.server.wait();
        // A session that was being born at the first look.
        processes::signal_marked(&self.mark, Signal::KILL);
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

fn write_config(dir: &Path, port: u16, mark: &str, options: &Options) {
    let at = dir.display();
    let mut text = format!(
        "Port {port}\nListenAddress 127.0.0.1\nAuthorizedKeysFile {at}/authorized_keys\nPidFile none\nUsePAM no\n\
         StrictModes no\nLogLevel VERBOSE\nSetEnv {mark} HOME={at}/home\n"
    );
    text.extend(options.host_keys.iter().map(|kind| format!("HostKey {at}/host_{kind}\n")));
    if let Some(script) = options.force_command {
        std::fs::write(dir.join("force"), script).expect("the forced command");
        text.extend([format!("ForceCommand sh {at}/force\n")]);
    }
    std::fs::write(dir.join("sshd_config"), text + options.config).expect("the configuration");
}

/// Starts the server and waits until it listens; nothing where the port was taken.
fn spawn(dir: &Path, port: u16) -> Option<Child> {
    let log = File::create(dir.join("log")).expect("the log");
    let mut server = Command::new(SSHD)
        .args(["-D", "-e", "-f"])
        .arg(dir.join("sshd_config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("start sshd");
    let listening = format!("Server listening on 127.0.0.1 port {port}.");
    let started = until("sshd listens", START_TIMEOUT, || {
        if read_log(dir).contains(&listening) {
            return Some(true);
        }
        server.try_wait().expect("look after sshd").map(|_| false)
    });
    assert!(started || read_log(dir).contains("Address already in use"), "sshd does not start: {}", read_log(dir));
    started.then_some(server)
}

fn read_log(dir: &Path) -> String {
    std::fs::read(dir.join("log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
