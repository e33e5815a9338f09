//! A first inventory, from what a person answered: the text of the file.

use std::fmt::Write as _;

use super::Role;

/// What a person answered, not checked yet: the parser does that to the text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    /// The cell's name.
    pub cell: String,
    /// The user to log in as; empty: what ssh's configuration says.
    pub user: String,
    /// The absolute path of the work tree on each node.
    pub path: String,
    /// Starts the service.
    pub start: String,
    /// Stops it.
    pub stop: String,
    /// Exits 0 when it runs.
    pub check: String,
    /// Name and host of each node: PRIMARY, BRAIN, then the mirrors.
    pub nodes: Vec<(String, String)>,
}

/// The role of the node at this place of a draft.
#[must_use]
pub fn role_at(index: usize) -> Role {
    match index {
        0 => Role::Primary,
        1 => Role::Brain,
        _ => Role::Mirror,
    }
}

impl Draft {
    /// The inventory as text. Whatever a text holds, it stays one.
    #[must_use]
    pub fn text(&self) -> String {
        // A text of JSON is one of YAML.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let Self { cell, user, path, start, stop, check, nodes } = self;
        let mut text = format!("# m3m-inventory(5) describes every field.\ncell: {cell}\n");
        // Writing to a String cannot fail.
        if !user.is_empty() {
            let _ = writeln!(text, "ssh: {{ user: {} }}", quoted(user));
        }
        let _ = writeln!(text, "repository: {{ path: {} }}", quoted(path));
        let _ = writeln!(text, "service:");
        for (key, command) in [("start", start), ("stop", stop), ("check", check)] {
            let _ = writeln!(text, "  {key}: {}", quoted(command));
        }
        let _ = writeln!(text, "nodes:");
        for (index, (name, host)) in nodes.iter().enumerate() {
            let role = role_at(index).as_str();
            let _ = writeln!(text, "  - {{ name: {}, host: {}, role: {role} }}", quoted(name), quoted(host));
        }
        text
    }
}
