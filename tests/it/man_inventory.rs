//! m3m-inventory(5): its fields come from the schema and its example is the shipped file, so neither can drift.

use roff::{Roff, bold, roman};
use serde_json::Value;

use crate::generated::check_or_bless;
use crate::man::{heading, section, tagged, words};

const ABOUT: &str = "The inventory names the nodes of one cell and says how they are reached, what the service is and \
    which times the cell promises. It is YAML 1.2. m3m only reads it: the roles are those of the first term, and \
    afterwards the term that the nodes hold counts.";

const SMALLEST: &str = "Only the cell's name, the work tree's path, three commands and the nodes have to be said. The \
    shipped inventory spells the defaults out:";

const RULES: [&str; 10] = [
    "Unknown fields and keys that stand twice are errors, so that a misspelt field cannot be lost.",
    "There is exactly one `primary`, exactly one `brain` and at least one `mirror`. The primary is a candidate.",
    "Names of nodes are unique, and so are host and port together, unless `config` or `jump` differ.",
    "A host is a name or an address without user, port, brackets, blanks or control characters, and does not start \
     with `-`. Neither do a user, a branch and a git URL.",
    "A work tree's path is absolute and not `/`. Commands are not empty.",
    "A duration is a number with a unit, or several: `250ms`, `5s`, `1m30s`. It is more than zero and at most ten years.",
    "A whole number has no sign and no leading zeros. Where a text is asked for, `10` and `off` are texts.",
    "`~/` is expanded in `identity`, `known_hosts` and `config` only. Commands and paths of nodes are left as they are.",
    "A field that has a default is not left empty: it has a value, or it is not written.",
    "The file is UTF-8, has one document, at most 1 MiB, at most 32 levels and at most 20000 values, with what aliases \
     repeat. It is indented by spaces. A byte order mark at its start is passed over.",
];

const TRUST: &str = "The file holds commands that m3m runs. It is refused when its owner is neither you nor root, when \
    others may write to it, or when its group may, unless that is the owner's private group: the primary group of the \
    owner and of nobody else, of the same name, without further members, in /etc/passwd and /etc/group.";

const SSH_CONFIG: &str = "What the inventory does not say of reaching a node is filled in from the configuration of \
    OpenSSH, as ssh itself understands it: m3m asks `ssh -G` and keeps the answer below $XDG_CACHE_HOME/m3m until a file \
    changes that was read; with `Match exec`, `Match final`, `CanonicalizeHostname` and the like it asks each time. What \
    counts is HostName, User, Port, AddressFamily, IdentityFile, IdentitiesOnly, IdentityAgent, UserKnownHostsFile, \
    GlobalKnownHostsFile, RevokedHostKeys, HostKeyAlias, HashKnownHosts, StrictHostKeyChecking, ProxyJump and \
    ProxyCommand. Like ssh it takes the home directory from the user database, whatever HOME says. Where there is no \
    ssh, the inventory and the defaults count alone.";

const HOST_KEYS: &str = "A host's key is always checked. With `StrictHostKeyChecking accept-new` that of a host without \
    any is recorded in the first UserKnownHostsFile; where it cannot be, the host is not talked to. `no` and `off` count \
    as `accept-new`, and `ask` as `yes`. On the way through jump hosts `identity` and `known_hosts` are used beside what \
    ssh's configuration says of them. A revoked key is refused even where `host_key` names it; RevokedHostKeys has to be \
    a text of public keys. Certificates are not used.";

const FAULTS: &str = "Everything that is wrong is told at once, with file, line, column, field, what was found and what \
    is accepted; first what does not fit the form, then what breaks a rule. The exit status is 3.";

const PLACES: [&str; 4] =
    ["-i FILE", "$M3M_INVENTORY", "./inventory.yaml", "$XDG_CONFIG_HOME/m3m/inventory.yaml (~/.config where not set)"];

#[test]
fn man_page_of_the_inventory() {
    let mut page = Roff::new();
    heading(&mut page, "M3M-INVENTORY", "5");
    section(&mut page, "NAME").text([roman("m3m-inventory - the nodes of a cell, as m3m reads them")]);
    section(&mut page, "DESCRIPTION").text(words(ABOUT));
    section(&mut page, "EXAMPLE").text(words(SMALLEST));
    example(&mut page);
    fields(&mut page);
    section(&mut page, "RULES");
    for rule in RULES {
        page.control("IP", ["\\(bu", "2"]).text(words(rule));
    }
    page.control("PP", []).text(words(TRUST));
    page.control("PP", []).text(words(FAULTS));
    section(&mut page, "SSH CONFIGURATION").text(words(SSH_CONFIG));
    page.control("PP", []).text(words(HOST_KEYS));
    section(&mut page, "DISCOVERY")
        .text([roman("The first of these counts; one that is named and missing is an error:")]);
    for place in PLACES {
        page.control("IP", ["\\(bu", "2"]).text([bold(place)]);
    }
    section(&mut page, "FILES");
    tagged(&mut page, "inventory.yaml", "the shipped inventory: the five nodes of a Montana 3-Mirror cell");
    tagged(&mut page, "schema/inventory.schema.json", "the JSON Schema; an editor finds it by the file's first line");
    section(&mut page, "SEE ALSO").text([roman("m3m(1), m3m-check(1), ssh_config(5)")]);
    check_or_bless("man/m3m-inventory.5", &page.render());
}

fn example(page: &mut Roff) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/inventory.yaml");
    page.control("PP", []).control("EX", []);
    for line in std::fs::read_to_string(file).expect("the shipped inventory").lines() {
        page.text([roman(line)]);
    }
    page.control("EE", []);
}

/// The top level, then every mapping below it.
fn fields(page: &mut Roff) {
    let schema = m3m::core::inventory::file::schema();
    section(page, "FIELDS");
    mapping(page, &schema, &schema);
    for (name, field) in properties(&schema) {
        let inner = if field["items"].is_object() { &field["items"] } else { field };
        if inner["properties"].is_object() {
            let title = if field["items"].is_object() { format!("each of {name}") } else { name.to_owned() };
            page.control("SS", [title.as_str()]).text(words(description(inner)));
            mapping(page, inner, &schema);
        }
    }
}

fn mapping(page: &mut Roff, mapping: &Value, root: &Value) {
    let required = mapping["required"].as_array().cloned().unwrap_or_default();
    for (name, field) in properties(mapping) {
        let need = if required.iter().any(|required| required == name) { ", required" } else { "" };
        let default = match &field["default"] {
            Value::Null => String::new(),
            Value::String(text) => format!(", default {text}"),
            other => format!(", default {other}"),
        };
        page.control("TP", []).text([bold(name.as_str()), roman(format!(" ({}{need}{default})", kind(field)))]);
        page.text(words(description(field)));
        for (word, meaning) in described_words(field) {
            let meaning = words(meaning);
            page.control("br", []).text([bold(format!("{word}: "))].into_iter().chain(meaning).collect::<Vec<_>>());
        }
        let is_nested = !std::ptr::eq(mapping, root) && field["properties"].is_object();
        if is_nested {
            page.text(words(&format!("It has the fields of `{name}`; what it leaves out is the cell's.")));
        }
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_else(|| panic!("a field without a description: {schema}"))
}

/// The words of a field that have a meaning of their own.
fn described_words(field: &Value) -> Vec<(&str, &str)> {
    let choices = field["oneOf"].as_array().into_iter().flatten();
    choices.filter_map(|choice| Some((choice["const"].as_str()?, choice["description"].as_str()?))).collect()
}

/// What a person writes there.
fn kind(field: &Value) -> String {
    let pattern = field["pattern"].as_str().unwrap_or_default();
    let kind = if field["type"].is_array() { &field["type"][0] } else { &field["type"] };
    let limits = field["minimum"].as_u64().zip(field["maximum"].as_u64());
    match kind.as_str() {
        Some("string") if pattern.contains("none") => "duration or none".to_owned(),
        Some("string") if pattern.contains("ms") => "duration".to_owned(),
        Some("string") if pattern.contains("a-z") => "name".to_owned(),
        Some("string") => "text".to_owned(),
        Some("integer") => limits.map_or("whole number".to_owned(), |(low, high)| format!("{low} to {high}")),
        Some("boolean") => "true or false".to_owned(),
        Some("array") => "list".to_owned(),
        Some("object") => "mapping".to_owned(),
        _ if field["enum"].is_array() => "on or off".to_owned(),
        _ if field["anyOf"].is_array() => "whole number or none".to_owned(),
        _ => described_words(field).iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or "),
    }
}
