//! The configuration of OpenSSH's client, as `ssh.config` names it: which host is meant, and how it is reached.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::cell_file::{CellFile, furnish, repository};
use crate::real_ssh::{assert_silent, assert_up};
use crate::sshd::{Options, Sshd, available, keygen, public_key, user};
use crate::support::{Finished, Home, finish};

/// One server that every node of the cell is, under the names of ssh's configuration.
pub struct Configured {
    pub home: Home,
    pub server: Sshd,
}

impl Configured {
    /// The server lets in the server's own identity, or these keys of the home.
    pub fn start(host_keys: &[&str], config: &str, keys: &[&str]) -> Self {
        let home = Home::new();
        let authorized: Vec<String> =
            keys.iter().map(|name| public_key(&keygen(home.path(), "ed25519", name, ""))).collect();
        let authorized = authorized.join("\n");
        let authorized_keys = (!keys.is_empty()).then_some(authorized.as_str());
        let server = Sshd::start(&Options { host_keys, config, authorized_keys, ..Options::default() });
        furnish(&server, true);
        Self { home, server }
    }

    /// A cell of these nodes with the `ssh` section of each, and ssh's configuration: `{home}` in it is the home,
    /// `{port}` the server's, `{identity}` its own identity.
    pub fn cell(&self, nodes: &[(&str, &str)], config: &str) {
        self.write_config(config);
        let repository = repository(&self.server);
        let cell = CellFile::new(&self.home);
        nodes
            .iter()
            .fold(cell, |cell, (name, ssh)| cell.named(name, ssh, &repository))
            .write_section("config: ssh_config");
    }

    pub fn write_config(&self, config: &str) {
        let config = config.replace("{home}", &self.home.path().display().to_string());
        let config = config.replace("{identity}", &self.server.identity().display().to_string());
        self.home.write("ssh_config", config.replace("{port}", &self.server.port().to_string()));
    }

    pub fn status(&self) -> Finished {
        self.home.run(["status"])
    }

    /// A line of `known_hosts` that records one of the server's keys under a name.
    pub fn known(&self, name: &str, index: usize) -> String {
        let key = &self.server.host_keys()[index];
        format!("{name} {}\n", key.rsplit_once(' ').expect("a comment behind the key").0)
    }
}

/// The configuration of nodes that are one server under aliases; `more` comes first and so counts first.
pub fn aliased(names: &[&str], more: &str) -> String {
    let each = names.iter().map(|name| format!("Host {name}\n HostKeyAlias {name}\n")).collect::<String>();
    let all = "Host *\n HostName 127.0.0.1\n Port {port}\n IdentityFile {identity}\n IdentityAgent none\n \
               UserKnownHostsFile {home}/known_hosts\n";
    more.to_owned() + &each + all
}

const THREE: [&str; 3] = ["one", "two", "three"];

fn three() -> [(&'static str, &'static str); 3] {
    THREE.map(|name| (name, ""))
}

#[test]
fn hosts_matches_includes_and_tokens() {
    if !available() {
        return;
    }
    let there = Configured::start(&["ed25519"], "", &["key-one", "key-two", "key-three", "key-four"]);
    let config = format!(
        "Include {{home}}/conf.d/*.conf\nHost one\n HostName 127.0.0.1\n Port {{port}}\n\
         Match originalhost two user {user}\n HostName 127.0.0.1\n Port {{port}}\n\
         Host four\n HostName %h.invalid\nHost *\n IdentityAgent none\n IdentityFile {{home}}/key-%n\n \
         UserKnownHostsFile {{home}}/known/%k \"{{home}}/other known\"\n",
        user = user()
    );
    let named = format!("user: {}", user());
    let four = format!("{named}, port: {}", there.server.port());
    let nodes = [("one", ""), ("two", named.as_str()), ("three", ""), ("four", four.as_str())];
    there.cell(&nodes, &config);
    let included = format!("Host three\n HostName 127.0.0.1\n Port {}\n", there.server.port());
    there.home.write("conf.d/a.conf", included);
    there.home.write("conf.d/b.conf", "Host four\n HostName 127.0.0.1\n Port 9\n");
    for name in ["one", "two", "four"] {
        there.home.write(&format!("known/{name}"), there.known(&there.server.known_name(), 0));
    }
    there.home.write("other known", there.known(&there.server.known_name(), 0));
    let shown = there.status();
    for node in ["one", "two", "three", "four"] {
        assert_up(&shown, node);
    }
    let told = there.home.run(["status", "-o", "json"]);
    let status: serde_json::Value = serde_json::from_str(&told.stdout).expect("JSON");
    let place = |field: &str| status["nodes"][0][field].clone();
    assert_eq!((place("host"), place("address")), ("one".into(), "127.0.0.1".into()));
    assert_eq!(place("port"), there.server.port());
    // The one key of each node is the one that its name leads to.
    std::fs::rename(there.home.path().join("key-two"), there.home.path().join("gone")).unwrap();
    let shown = there.status();
    assert_up(&shown, "one");
    assert_silent(&shown, "two", "auth: no key to offer", "key-two only the public half is here");
}

#[test]
fn one_recorded_key_of_three() {
    if !available() {
        return;
    }
    let there = Configured::start(&["rsa", "ecdsa", "ed25519"], "", &[]);
    there.cell(&three(), &aliased(&THREE, ""));
    let lines = THREE.iter().enumerate().map(|(index, name)| there.known(name, index));
    there.home.write("known_hosts", lines.collect::<String>());
    let shown = there.status();
    for node in THREE {
        assert_up(&shown, node);
    }
}

#[test]
fn what_is_said_without_a_usable_configuration() {
    let home = Home::new();
    let cell = |ssh: &str| {
        THREE
            .iter()
            .fold(CellFile::new(&home), |cell, name| cell.named(name, "", Path::new("/nowhere")))
            .write_section(ssh);
    };
    cell("config: ssh_config");
    let refused = |words: &str| {
        let shown = home.run(["status"]);
        assert!(shown.assert_code(3).stderr.contains(words), "{words}: {shown}");
    };
    refused("ssh_config\n  because: No such file");
    let file = home.write("ssh_config", "Host *\n Bogus yes\n");
    refused("line 2: Bad configuration option: bogus\n");
    refused("hint: mend ");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).unwrap();
    refused("may be written by everybody");
    home.write("ssh_config", "Host *\n IdentityFile ${NO_SUCH_VARIABLE}/x\n");
    refused("${NO_SUCH_VARIABLE}");
    home.write("ssh_config", "Host one\n ProxyJump two\nHost two\n ProxyJump one\n");
    refused("hint: does ProxyJump of ");
    let shown = finish(home.m3m(["status"]).env("PATH", home.path()));
    assert!(shown.assert_code(3).stderr.contains("there is no ssh to read it"), "{shown}");
    cell("jump: 'gate;reboot'");
    refused("ssh.jump");
}

#[test]
fn without_ssh_and_without_home_the_inventory_is_enough() {
    if !available() {
        return;
    }
    let there = Configured::start(&["ed25519"], "", &[]);
    let nodes: Vec<PathBuf> = vec![repository(&there.server)];
    let cell = THREE.iter().fold(CellFile::new(&there.home), |cell, name| cell.named(name, "", &nodes[0]));
    let known = there.home.write("known_hosts", there.server.known_hosts());
    let jumps = "jump: none";
    cell.write_section(&format!(
        "user: {}, port: {}, {jumps}, identity: {}, known_hosts: {}",
        user(),
        there.server.port(),
        there.server.identity().display(),
        known.display()
    ));
    let text = std::fs::read_to_string(there.home.path().join("inventory.yaml")).unwrap();
    let text = text.replacen("host: one", "host: 127.0.0.1", 1);
    there.home.write("inventory.yaml", text);
    let shown = finish(there.home.m3m(["status", "--node", "one"]).env("PATH", there.home.path()).env_remove("HOME"));
    assert_up(&shown, "one");
    assert_eq!(shown.stderr, "");
}
