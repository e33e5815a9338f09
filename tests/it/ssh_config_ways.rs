//! Jump hosts and proxy commands as the configuration of OpenSSH's client names them, on real servers.

use std::time::Duration;

use crate::cell_file::{CellFile, furnish, repository};
use crate::processes::marked;
use crate::real_ssh::{assert_silent, assert_up, row};
use crate::ssh_config::{Configured, aliased};
use crate::sshd::{Options, Sshd, available, user};
use crate::support::{Home, finish, until};

/// How long a process that was killed may take to be gone.
const SOON: Duration = Duration::from_secs(60);

/// How often somebody has logged in.
fn logins(server: &Sshd) -> usize {
    server.log().matches("Accepted publickey").count()
}

fn host(name: &str, server: &Sshd, more: &str) -> String {
    format!(
        "Host {name}\n HostName 127.0.0.1\n Port {}\n HostKeyAlias {name}\n IdentityFile {}\n{more}",
        server.port(),
        server.identity().display()
    )
}

#[test]
fn jumps_of_every_kind() {
    if !available() {
        return;
    }
    let home = Home::new();
    let [first, second, node] = [(); 3].map(|()| Sshd::start(&Options::default()));
    furnish(&node, true);
    let known = |name: &str, server: &Sshd| format!("{name} {}\n", server.host_keys()[0]);
    let mut recorded = known("first", &first) + &known("second", &second) + &known("behind-first", &second);
    let config_file = home.path().join("ssh_config");
    let command = format!(" ProxyCommand ssh -F {} -W %h:%p first\n", config_file.display());
    let ways = [
        ("single", " ProxyJump first\n".to_owned(), ""),
        ("chain", " ProxyJump first,second\n".to_owned(), ""),
        ("nested", " ProxyJump behind-first\n".to_owned(), ""),
        ("command", command, ""),
        ("inventory", " ProxyJump nowhere\n".to_owned(), "jump: first"),
        ("plain", " ProxyJump first\n".to_owned(), "jump: none"),
    ];
    let mut config = host("first", &first, "") + &host("second", &second, "");
    config += &host("behind-first", &second, " ProxyJump first\n");
    let mut cell = CellFile::new(&home);
    for (name, way, ssh) in &ways {
        config += &host(name, &node, way);
        recorded += &known(name, &node);
        cell = cell.named(name, ssh, &repository(&node));
    }
    config += &format!("Host *\n IdentityAgent none\n UserKnownHostsFile {}/known\n", home.path().display());
    home.write("ssh_config", config);
    home.write("known", recorded);
    cell.write_section("config: ssh_config");
    for (name, through_first, through_second) in
        [("single", 1, 0), ("chain", 1, 1), ("nested", 1, 1), ("command", 1, 0), ("inventory", 1, 0), ("plain", 0, 0)]
    {
        let before = (logins(&first), logins(&second));
        // With so much time nobody else is asked to reach it, however slow the machine is.
        let shown = home.run(["status", "--node", name, "--timeout", "20s"]);
        assert_up(&shown, name);
        let after = (logins(&first) - before.0, logins(&second) - before.1);
        assert_eq!(after, (through_first, through_second), "{name}");
    }
    // The host key of each hop is checked.
    home.write("known", known("single", &node));
    assert_silent(&home.run(["status", "--node", "single"]), "single", "first: host key unknown", "first");
    assert_eq!(logins(&node), 6, "nobody who could be in between gets at the node");

    // The node's own one can be asked for from the last hop only.
    home.write("known", known("first", &first) + &known("second", &second));
    let config = host("first", &first, "") + &host("second", &second, "");
    let bare = format!("Host bare\n HostName 127.0.0.1\n Port {}\n ProxyJump first,second\n", node.port());
    let all = format!("Host *\n IdentityAgent none\n UserKnownHostsFile {}/known\n", home.path().display());
    home.write("ssh_config", config + &bare + &all);
    let cell = ["bare", "other", "third"]
        .iter()
        .fold(CellFile::new(&home), |cell, name| cell.named(name, "", &repository(&node)));
    cell.write_section("config: ssh_config");
    let scan = format!("-J first second ssh-keyscan -p {} 127.0.0.1 >> {}/known", node.port(), home.path().display());
    let advice = format!("then: ssh -F ./ssh_config {scan}");
    assert_silent(&home.run(["status", "--node", "bare"]), "bare", "host key unknown", &advice);
}

#[test]
fn a_jump_that_the_inventory_alone_knows() {
    if !available() {
        return;
    }
    let home = Home::new();
    let gate = Sshd::start(&Options::default());
    let key = std::fs::read_to_string(gate.dir().join("authorized_keys")).expect("the key that gets in");
    let node = Sshd::start(&Options { authorized_keys: Some(key.trim()), ..Options::default() });
    furnish(&node, true);
    let through = |hop: &str| format!("jump: '{hop}', identity: {}", gate.identity().display());
    let cell = CellFile::new(&home).known(&gate.known_hosts()).known(&node.known_hosts());
    let cell = cell.node(
        "through",
        node.port(),
        &through(&format!("{}@127.0.0.1:{}", user(), gate.port())),
        &repository(&node),
    );
    let cell = cell.node("beside", node.port(), &through("nobody@[::1]:1"), &repository(&node));
    cell.node("third", 1, "", &repository(&node)).write_with("");
    let shown = home.run(["status", "--node", "through"]);
    assert_up(&shown, "through");
    assert_eq!((logins(&gate), logins(&node)), (1, 1), "{shown}");
}

#[test]
fn proxy_commands_that_hang_end_with_m3m() {
    const MANY: [&str; 8] = ["one", "two", "three", "four", "five", "six", "seven", "eight"];
    if !available() {
        return;
    }
    let it = Configured::start(&["ed25519"], "", &[]);
    it.home.write("known_hosts", MANY.map(|name| it.known(name, 0)).concat());
    it.cell(&MANY.map(|name| (name, "")), &aliased(&MANY, "Host !one *\n ProxyCommand sleep 60\n"));
    let mark = format!("M3M_TEST_PROXY={}", it.home.path().display());
    let (name, value) = mark.split_once('=').expect("a variable");
    // They are settled through a relay long before the time of their own path is over.
    let shown = finish(it.home.m3m(["status", "--timeout", "10s"]).env(name, value));
    assert!(MANY[1..].iter().all(|name| row(&shown, name).contains("via one")), "{shown}");
    until("the commands' end", SOON, || marked(|variable| variable == mark).next().is_none().then_some(()));
}

#[test]
fn a_proxy_command_that_fails_is_told() {
    let home = Home::new();
    let cell = ["one", "two", "three"]
        .iter()
        .fold(CellFile::new(&home), |cell, name| cell.named(name, "", "/nowhere".as_ref()));
    let known = home.write("known_hosts", "");
    home.write("ssh_config", format!("Host *\n ProxyCommand false\n UserKnownHostsFile {}\n", known.display()));
    cell.write_section("config: ssh_config");
    let shown = home.run(["status"]);
    // Nothing came from any node, so nothing is said of the service.
    shown.assert_code(12);
    assert_silent(&shown, "two", "ProxyCommand ended", "the ProxyCommand of ssh's configuration for two ended");
}

#[test]
fn a_proxy_command_may_put_things_in_order_before_it_ends() {
    let home = Home::new();
    let cell = ["one", "two", "three"]
        .iter()
        .fold(CellFile::new(&home), |cell, name| cell.named(name, "", "/nowhere".as_ref()));
    let (known, trace) = (home.write("known_hosts", ""), home.path().join("trace"));
    // As one does that has switched off a terminal's echo to ask for a password.
    let script = format!("trap 'echo sane >{}; exit' TERM\nwhile :; do sleep 0.01; done\n", trace.display());
    let command = home.write("waits", script);
    let config = format!("Host *\n ProxyCommand sh {}\n UserKnownHostsFile {}\n", command.display(), known.display());
    home.write("ssh_config", config);
    cell.write_section("config: ssh_config");
    home.run(["status", "--node", "two", "--timeout", "4s"]);
    until("the command's last words", SOON, || std::fs::read(&trace).is_ok_and(|text| text == b"sane\n").then_some(()));
}
