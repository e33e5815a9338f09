//! The words in the files of a lab: inventory, SSH configuration, known host keys.

use std::fmt::Write as _;

use super::layout::PARTS;

/// What the texts tell of a lab. Everything is UTF-8, or it could not stand in YAML.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) cell: &'a str,
    pub(super) user: &'a str,
    pub(super) identity: &'a str,
    pub(super) known_hosts: &'a str,
    /// In the order of [`PARTS`].
    pub(super) nodes: &'a [NodeFacts],
}

/// What the texts tell of a node.
#[derive(Debug)]
pub(super) struct NodeFacts {
    pub(super) port: u16,
    pub(super) repository: String,
    /// `ssh-ed25519 AAAA…`
    pub(super) host_key: String,
}

/// `inventory.yaml`.
pub(super) fn inventory(facts: &Facts<'_>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let Facts { cell, user, identity, known_hosts, nodes } = facts;
    let mut text = format!(
        "# Five SSH nodes on this machine, written by `m3m lab`. Without cool-down and limit of acts: a lab is there to be broken.\n\
         cell: {}\n\
         ssh: {{ user: {}, identity: {}, known_hosts: {}, config: none }}\n\
         repository: {{ path: {}, branch: main }}\n\
         service: {{ start: ledger start, stop: ledger stop, check: ledger check }}\n\
         safety: {{ cool_down: none, max_acts_per_hour: none }}\n\
         nodes:\n",
        quoted(cell),
        quoted(user),
        quoted(identity),
        quoted(known_hosts),
        quoted(nodes.first().map_or("/", |node| &node.repository)),
    );
    for (part, node) in PARTS.iter().zip(*nodes) {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "  - {{ name: {}, host: 127.0.0.1, location: {}, role: {}, ssh: {{ port: {} }}, repository: {{ path: {} }} }}",
            part.name,
            part.location,
            part.role.as_str(),
            node.port,
            quoted(&node.repository),
        );
    }
    text
}

/// `known_hosts`.
pub(super) fn known_hosts(nodes: &[NodeFacts]) -> String {
    nodes.iter().fold(String::new(), |text, node| text + &format!("[127.0.0.1]:{} {}\n", node.port, node.host_key))
}

/// `ssh_config`, for `ssh -F`.
pub(super) fn ssh_config(facts: &Facts<'_>) -> String {
    // A per cent sign begins a token of ssh.
    let path = |text: &str| format!("\"{}\"", text.replace('%', "%%"));
    let mut text = String::from("# The nodes of a lab: ssh -F THIS_FILE NODE\n");
    for (part, node) in PARTS.iter().zip(facts.nodes) {
        // Writing to a String cannot fail.
        let _ = write!(text, "Host {}\n  HostName 127.0.0.1\n  Port {}\n\n", part.name, node.port);
    }
    let _ = write!(
        text,
        "Host *\n  User \"{}\"\n  IdentityFile {}\n  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile {}\n  \
         GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  PreferredAuthentications publickey\n",
        facts.user,
        path(facts.identity),
        path(facts.known_hosts),
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes() -> Vec<NodeFacts> {
        (0..5)
            .map(|index| NodeFacts {
                port: 40_000 + index,
                repository: format!("/a \"b\": #c/{index}"),
                host_key: format!("ssh-ed25519 KEY{index}"),
            })
            .collect()
    }

    fn facts(nodes: &[NodeFacts]) -> Facts<'_> {
        Facts { cell: "lab", user: "me", identity: "/50% off/identity", known_hosts: "/k", nodes }
    }

    #[test]
    fn any_path_survives_yaml() {
        let nodes = nodes();
        let value: serde_yaml::Value = serde_yaml::from_str(&inventory(&facts(&nodes))).unwrap();
        assert_eq!(value["nodes"][2]["name"], "almaty");
        assert_eq!(value["nodes"][0]["location"], "NL");
        assert_eq!(value["nodes"][2]["ssh"]["port"], 40_002);
        assert_eq!(value["nodes"][2]["repository"]["path"], "/a \"b\": #c/2");
        assert_eq!(value["ssh"]["identity"], "/50% off/identity");
        assert_eq!(value["nodes"].as_sequence().unwrap().len(), 5);
    }

    #[test]
    fn known_hosts_names_the_port() {
        assert!(known_hosts(&nodes()).starts_with("[127.0.0.1]:40000 ssh-ed25519 KEY0\n"));
        assert_eq!(known_hosts(&nodes()).lines().count(), 5);
    }

    #[test]
    fn ssh_reads_the_path_as_it_is() {
        let nodes = nodes();
        assert!(ssh_config(&facts(&nodes)).contains("IdentityFile \"/50%% off/identity\"\n"));
    }
}
