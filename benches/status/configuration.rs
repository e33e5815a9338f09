//! What reading ssh's configuration costs: cells whose nodes all refuse at once, so that there is little else to do.

use std::path::Path;
use std::time::Duration;

use crate::cell_file::CellFile;
use crate::measure::{Run, Script, interleaved};
use crate::sshd::{keygen, user};
use crate::support::{Home, until};

const ROUNDS: usize = 15;

/// How many hosts the configuration has.
const HOSTS: usize = 100;
/// tcpmux, which nobody serves.
const PORT: u16 = 1;
/// Answers are kept once the files are old enough to be relied on.
const KEPT_TIMEOUT: Duration = Duration::from_secs(20);

/// What was measured for a cell of so many nodes.
pub struct Configuration {
    pub nodes: usize,
    /// Without ssh's configuration.
    pub none: Run,
    /// `ssh -G` for each node.
    pub cold: Run,
    /// Answers from before.
    pub warm: Run,
    /// One `ssh -G` alone.
    pub one: Run,
}

pub fn measure() -> [Configuration; 2] {
    let home = Home::new();
    keygen(home.path(), "ed25519", "identity", "");
    let identity = home.path().join("identity").display().to_string();
    let hosts = (0..HOSTS).map(|index| format!("Host n{index}\n  HostName {}\n  Port {PORT}\n", address(index)));
    let all = format!(
        "Host *\n  User {}\n  IdentityFile {identity}\n  IdentitiesOnly yes\n  IdentityAgent none\n  \
         UserKnownHostsFile /dev/null\n",
        user()
    );
    let config = home.write("ssh_config", hosts.collect::<String>() + &all);
    [5, HOSTS].map(|nodes| cell(&home, nodes, &config, &identity))
}

/// An address of this machine of its own for each node.
fn address(index: usize) -> String {
    format!("127.0.0.{}", index + 1)
}

fn cell(home: &Home, nodes: usize, config: &Path, identity: &str) -> Configuration {
    let (plain, configured) = (Home::new(), Home::new());
    let (mut by_address, mut by_name) = (CellFile::new(&plain), CellFile::new(&configured));
    for index in 0..nodes {
        let (name, repository) = (format!("n{index}"), Path::new("/nowhere"));
        by_address = by_address.node_at(&name, &address(index), PORT, "", repository);
        by_name = by_name.named(&name, "", repository);
    }
    let settings = format!("user: {}, identity: {identity}, known_hosts: /dev/null, config: none", user());
    by_address.write_section(&settings);
    by_name.write_section(&format!("config: {}", config.display()));

    // 11: nothing could be reached.
    let status = |home: &Home, cache: &str| {
        let inventory = home.path().join("inventory.yaml");
        format!("XDG_CACHE_HOME={cache} \"$M3M\" -i {} status; test $? -eq 11", inventory.display())
    };
    let environment = environment(home);
    let kept = configured.path().join("cache");
    let warm = status(&configured, &kept.display().to_string());
    until("ssh's answers are kept (is HOME what the user database says?)", KEPT_TIMEOUT, || {
        Script { text: &warm, environment: &environment }.run();
        kept.join("m3m/ssh_config").read_dir().ok()?.next().map(drop)
    });
    // A directory that is not there yet.
    let cold = status(&configured, &format!("{}/$RANDOM$RANDOM$RANDOM", configured.path().display()));
    let one = format!("ssh -G -F {} n0", config.display());
    let texts = [status(&plain, &kept.display().to_string()), cold, warm, one];
    let [none, cold, warm, one] =
        interleaved(ROUNDS, &texts.each_ref().map(|text| Script { text, environment: &environment }));
    Configuration { nodes, none, cold, warm, one }
}

/// ssh takes the home directory from the user database, and answers are kept only where that is `HOME` as well: it is
/// the real one, of which nothing is read.
fn environment(home: &Home) -> Vec<(String, String)> {
    let real_home = std::env::var("HOME").expect("HOME");
    let own = home.path().display().to_string();
    let mut environment = vec![("M3M".into(), env!("CARGO_BIN_EXE_m3m").into()), ("HOME".into(), real_home)];
    environment
        .extend(["XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"].map(|name| (name.to_owned(), own.clone())));
    environment
}
