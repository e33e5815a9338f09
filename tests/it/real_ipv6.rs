//! Nodes under IPv6 addresses.

use std::net::{Ipv6Addr, TcpListener};

use crate::cell_file::repository;
use crate::real_liars::Ground;
use crate::real_ssh::{assert_silent, assert_up, row};
use crate::sshd::{Options, free_port};
use crate::support::skipped;

fn available() -> bool {
    let found = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !found {
        skipped("this machine has no IPv6");
    }
    found
}

#[test]
fn an_address_of_ipv6() {
    if !available() {
        return;
    }
    let Some(ground) = Ground::new() else { return };
    let six = ground.start(&Options { config: "ListenAddress ::1\n", ..Options::default() });
    let (port, closed, place) = (six.port(), free_port(), repository(&six));
    let known = six.known_hosts().replace("127.0.0.1", "::1");
    let cell = ground.cell().known(&known).node_at("six", "'::1'", port, "", &place);
    // The long form of the same address is another name for it, as OpenSSH has it: no key is recorded under that.
    let long = "0:0:0:0:0:0:0:1";
    cell.node_at("long", &format!("'{long}'"), port, "", &place).node_at("closed", "'::1'", closed, "", &place).write();
    let shown = ground.status();
    shown.assert_code(10);
    assert_up(&shown, "six");
    assert_silent(&shown, "long", "host key unknown", &format!("ssh-keyscan -p {port} {long}"));
    assert_silent(&shown, "closed", "refused", &format!("nothing listens on [::1]:{closed}"));
}

#[test]
fn a_name_with_addresses_of_both_kinds_of_which_one_answers() {
    if !available() {
        return;
    }
    let Some(ground) = Ground::new() else { return };
    // It listens on 127.0.0.1 alone; what `localhost` means is this machine's to say.
    let four = ground.start(&Options::default());
    let known = four.known_hosts().replace("127.0.0.1", "localhost");
    ground.cell().known(&known).node_at("both", "localhost", four.port(), "", &repository(&four)).write();
    let shown = ground.status();
    shown.assert_code(0);
    assert!(row(&shown, "both").contains(" up "), "{shown}");
}
