//! The verbs for a lab's network, and what `m3m lab list` shows of it.

use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::cli_status::json;
use crate::lab::{Labs, NODES, SILENCE, SOON, read_number};
use crate::processes::state;
use crate::support::{Home, finish, until};

/// The paths of the only lab, as a program sees them.
fn paths(labs: &Labs) -> Vec<Value> {
    let list = json(labs.run(["lab", "list", "-o", "json"]).assert_code(0));
    list["labs"][0]["network"]["paths"].as_array().expect("paths").clone()
}

/// The path between two ends, in the order in which they are listed.
fn path(labs: &Labs, one: &str, other: &str) -> Value {
    let between = serde_json::json!([one, other]);
    paths(labs).into_iter().find(|path| path["between"] == between).expect("a path")
}

/// The words of `lab list` for a path, without its ends.
fn words(labs: &Labs, one: &str, other: &str) -> Option<String> {
    let list = labs.run(["lab", "list"]).assert_code(0).stdout.clone();
    let ends = format!("{one} - {other} ");
    list.lines().find_map(|line| Some(line.trim().strip_prefix(&ends)?.trim().to_owned()))
}

fn hangs(labs: &Labs, node: &str) -> bool {
    let address = (Ipv4Addr::LOCALHOST, labs.port(node)).into();
    TcpStream::connect_timeout(&address, SILENCE).is_err_and(|error| error.kind() == ErrorKind::TimedOut)
}

#[test]
fn what_is_in_force_is_listed_for_people_and_programs() {
    let labs = Labs::up();
    assert_eq!(paths(&labs).len(), 15);
    assert!(paths(&labs).iter().all(|path| path["rtt_s"] == 0.0 && path["cut_to"] == serde_json::json!([])));
    assert_eq!(words(&labs, "operator", "almaty"), None, "a path without a fault is not worth a line");

    assert_eq!(labs.run(["lab", "cut", "almaty"]).assert_code(0).stdout, "almaty is cut off\n");
    let list = labs.run(["lab", "list"]).assert_code(0).stdout.clone();
    let row = list.lines().find(|line| line.trim_start().starts_with("almaty ")).expect("its row");
    assert!(row.contains(" up ") && row.ends_with("cut"), "{list}");
    assert_eq!(words(&labs, "operator", "almaty").as_deref(), Some("cut"));
    let up = labs.run(["lab", "up"]);
    assert!(up.assert_code(0).stdout.contains("cut: 5 of 15 paths between them; m3m --lab=lab lab heal\n"), "{up}");
    assert_eq!(path(&labs, "moscow", "almaty")["cut_to"], serde_json::json!(["moscow", "almaty"]));
    assert!(hangs(&labs, "almaty") && !hangs(&labs, "moscow"));

    let cut = labs.run(["lab", "cut", "moscow", "--from", "operator", "--one-way", "to"]);
    assert_eq!(cut.assert_code(0).stdout, "nothing from operator reaches moscow\n");
    assert_eq!(words(&labs, "operator", "moscow").as_deref(), Some("nothing reaches moscow"));
    let cut = labs.run(["lab", "cut", "moscow", "--from", "amsterdam", "--one-way", "from"]);
    assert_eq!(cut.assert_code(0).stdout, "nothing from moscow arrives at amsterdam\n");
    assert_eq!(path(&labs, "amsterdam", "moscow")["cut_to"], serde_json::json!(["amsterdam"]));
    let delay = labs.run(["lab", "delay", "80ms", "amsterdam,novosibirsk", "--from", "operator"]);
    assert!(delay.assert_code(0).stdout.contains("novosibirsk to operator: 80 ms added"), "{delay}");
    assert_eq!(path(&labs, "operator", "novosibirsk")["rtt_s"], 0.08);

    let healed = json(labs.run(["lab", "heal", "--from", "operator", "-o", "json"]).assert_code(0));
    assert_eq!(healed["labs"][0]["network"]["paths"][0]["rtt_s"], 0.0);
    assert!(words(&labs, "operator", "moscow").is_none() && words(&labs, "amsterdam", "moscow").is_some());
    labs.run(["lab", "heal"]).assert_code(0);
    assert!(paths(&labs).iter().all(|path| path["cut_to"] == serde_json::json!([])));
    assert!(!hangs(&labs, "almaty"));

    labs.run(["lab", "poweroff", "almaty"]).assert_code(0);
    let list = json(labs.run(["lab", "list", "-o", "json"]).assert_code(0));
    assert_eq!(list["labs"][0]["nodes"][2]["state"], "off");
    let up = labs.run(["lab", "up"]);
    assert!(up.assert_code(10).stdout.contains("off: almaty; m3m --lab=lab lab revive almaty"), "{up}");
    let yaml = labs.run(["lab", "revive", "almaty", "-o", "yaml"]);
    assert!(yaml.assert_code(0).stdout.contains("wan: none"), "{yaml}");
}

#[test]
fn a_lab_has_the_distances_that_were_asked_for() {
    let labs = Labs::new();
    labs.run(["lab", "up", "--wan", "montana"]).assert_code(0);
    assert!(paths(&labs).iter().all(|path| path["rtt_s"].as_f64().is_some_and(|rtt| rtt > 0.0)), "{:?}", paths(&labs));
    assert_eq!(words(&labs, "operator", "amsterdam").as_deref(), Some("45 ms"));
    assert_eq!(words(&labs, "amsterdam", "almaty").as_deref(), Some("100 ms"));
    labs.run(["--lab", "status"]).assert_code(0);

    labs.run(["lab", "delay", "5ms", "almaty"]).assert_code(0);
    assert_eq!(words(&labs, "operator", "almaty").as_deref(), Some("70 ms  5 ms of it added"));
    assert_eq!(path(&labs, "operator", "almaty")["delay_s"], 0.005);
    labs.run(["lab", "heal"]).assert_code(0);
    assert_eq!(words(&labs, "operator", "almaty").as_deref(), Some("65 ms"), "a distance is no fault");
    // It is there already, and takes over what is asked for.
    labs.run(["lab", "up", "--wan", "none"]).assert_code(0);
    assert_eq!(words(&labs, "operator", "almaty"), None);
    labs.run(["lab", "up", "--wan", "atlantis"]).assert_code(2);
}

#[test]
fn what_makes_no_sense_is_refused_and_nothing_is_done() {
    let labs = Labs::up();
    let itself = labs.run(["lab", "cut", "moscow", "almaty", "--from", "almaty"]);
    assert!(itself.assert_code(2).stderr.contains("no path from almaty to itself"), "{itself}");
    labs.run(["lab", "cut", "almaty", "--from", "atlantis"]).assert_code(2);
    labs.run(["lab", "cut"]).assert_code(2);
    labs.run(["lab", "delay", "soon", "almaty"]).assert_code(2);
    let long = labs.run(["lab", "delay", "2m", "almaty"]);
    assert!(long.assert_code(2).stderr.contains("at most 60s"), "{long}");
    let fine = labs.run(["lab", "delay", "1500us", "almaty"]);
    assert!(fine.assert_code(2).stderr.contains("whole number of milliseconds"), "{fine}");
    assert!(paths(&labs).iter().all(|path| path["rtt_s"] == 0.0 && path["cut_to"] == serde_json::json!([])));
}

#[test]
fn without_its_network_no_node_runs_and_a_revive_starts_it_again() {
    let labs = Labs::up();
    let port = labs.port("almaty");
    labs.run(["lab", "cut", "moscow", "--from", "almaty"]).assert_code(0);
    let wire: i32 = read_number(&labs.dir("lab").join("wire/lock"));
    kill_process(Pid::from_raw(wire).expect("a process id"), Signal::KILL).expect("kill the network");
    until("all nodes end", SOON, || {
        let list = json(labs.run(["lab", "list", "-o", "json"]).assert_code(0));
        let nodes = list["labs"][0]["nodes"].as_array().expect("nodes").clone();
        nodes.iter().all(|node| node["state"] == "dead" && node["service"] == false).then_some(())
    });
    let list = labs.run(["lab", "list"]);
    assert!(
        list.assert_code(0).stdout.contains("network  dead, and no node runs without it: m3m lab revive"),
        "{list}"
    );
    let cut = labs.run(["lab", "cut", "almaty"]);
    assert!(cut.assert_code(20).stderr.contains("m3m lab revive"), "{cut}");
    let off = labs.run(["lab", "poweroff", "almaty"]);
    assert!(off.assert_code(20).stderr.contains("the lab's network does not run"), "{off}");
    let up = labs.run(["lab", "up"]);
    assert!(up.assert_code(10).stdout.contains("lab revive amsterdam moscow almaty"), "{up}");

    labs.run(["lab", "revive", "almaty"]).assert_code(0);
    assert_eq!(labs.port("almaty"), port);
    let mut stream = crate::lab_network::connect((Ipv4Addr::LOCALHOST, port).into());
    crate::lab_network::assert_hears(&mut stream, "SSH-2.0-");
    assert_eq!(words(&labs, "moscow", "almaty").as_deref(), Some("cut"), "what was in force is in force again");
    labs.run(["lab", "revive", "amsterdam", "moscow", "saint-petersburg", "novosibirsk"]).assert_code(0);
    labs.run(["--lab", "status"]).assert_code(11);
}

#[test]
fn a_fault_that_cannot_be_brought_into_force_says_why() {
    let labs = Labs::up();
    labs.run(["lab", "kill", "almaty"]).assert_code(0);
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, labs.port("almaty"))).expect("the port is free");
    let cut = labs.run(["lab", "cut", "almaty"]);
    let why = format!("cannot listen on 127.0.0.1:{}", labs.port("almaty"));
    assert!(cut.assert_code(20).stderr.contains(&why), "{cut}");
    assert_eq!(words(&labs, "operator", "almaty"), None, "all of it or nothing");
    drop(taken);
    labs.run(["lab", "cut", "almaty"]).assert_code(0);
    assert!(hangs(&labs, "almaty"));
    fs::write(labs.dir("lab").join("wire/faults.json"), "{").expect("spoil a file");
    let cut = labs.run(["lab", "cut", "almaty"]);
    assert!(cut.assert_code(3).stderr.contains("faults.json"), "{cut}");
    let list = labs.run(["lab", "list"]);
    assert!(list.assert_code(0).stdout.contains("faults.json"), "{list}");
}

#[test]
fn a_change_whose_maker_was_killed_before_it_told_the_network_comes_into_force() {
    let labs = Labs::up();
    labs.run(["lab", "cut", "moscow"]).assert_code(0);
    let path = labs.dir("lab").join("wire/faults.json");
    let mut faults: Value = serde_json::from_slice(&fs::read(&path).expect("what is in force")).expect("JSON");
    faults["serial"] = (faults["serial"].as_u64().expect("a number") + 1).into();
    faults["off"] = serde_json::json!(["almaty"]);
    let whole = labs.home.write("faults.json", faults.to_string());
    fs::rename(whole, path).expect("the next change");
    until("it is in force", SOON, || hangs(&labs, "almaty").then_some(()));
}

#[test]
fn a_lab_may_stand_in_a_place_with_a_long_name() {
    let home = Home::new();
    // Longer than the name of a socket can be.
    let place = home.path().join("d".repeat(150));
    fs::create_dir(&place).expect("a directory");
    let run = |args: [&str; 3]| finish(home.m3m(args).env("XDG_STATE_HOME", &place)).code();
    let up = run(["lab", "up", "far"]);
    let cut = run(["lab", "cut", "almaty"]);
    assert_eq!((up, cut, run(["lab", "down", "far"])), (0, 0, 0));
}

#[test]
fn the_network_goes_down_with_its_lab() {
    let labs = Labs::up();
    labs.run(["lab", "cut", NODES[2]]).assert_code(0);
    let wire: u32 = read_number(&labs.dir("lab").join("wire/lock"));
    assert!(state(wire).is_some());
    labs.run(["lab", "down"]).assert_code(0);
    assert_eq!(state(wire), None);
}
