//! `m3m init --new`: asks for what an inventory needs and writes it.

use std::path::Path;

use dialoguer::Input;
use dialoguer::theme::ColorfulTheme;

use crate::core::inventory::draft::{Draft, role_at};
use crate::core::name::Name;
use crate::error::{Error, Exit};
use crate::view;
use crate::world::{inventory_file, operator};

use super::super::consent;
use super::super::context::Context;

/// The file that is written where none is named.
const FILE: &str = "inventory.yaml";

/// A cell has at least a PRIMARY, a BRAIN and a mirror.
const NODES_MIN: usize = 3;

/// Asks, checks and writes.
///
/// # Errors
/// Nobody can be asked, the file is there already or cannot be written, or the answers make no inventory.
pub(super) async fn run(context: &Context) -> Result<Exit, Error> {
    let path = context.global.inventory.as_deref().unwrap_or(Path::new(FILE)).to_owned();
    inventory_file::is_free(&path)?;
    if !consent::is_attended() {
        return Err(Error::new(
            Exit::Refused,
            "nobody can be asked what the inventory is to hold; nothing was written",
        )
        .hint("m3m init --new asks on a terminal; m3m-inventory(5) has an example to start from"));
    }
    view::write_err(&format!("A new inventory: {}. Ctrl-C ends this, and nothing is written.\n", path.display()));
    // Beside the runtime, so that Ctrl-C is heard meanwhile.
    let asked = tokio::task::spawn_blocking(ask).await;
    let asked = asked.map_err(|lost| Error::unexpected("the prompts were cut off").because(lost))?;
    let draft = asked
        .map_err(|error| Error::new(Exit::Refused, "no answer came; nothing was written").because(error.to_string()))?;
    inventory_file::create(&path, &draft.text())?;
    let file = path.display();
    let next = format!("wrote {file}\nnext: m3m -i {file} check, then m3m -i {file} init\n");
    view::write_out(&next).map_err(Error::output)?;
    Ok(Exit::Ok)
}

/// The questions, in the order of the file. The terminal itself edits the lines: nothing has to be put back after Ctrl-C.
fn ask() -> dialoguer::Result<Draft> {
    let cell = name("Name of the cell", false)?;
    let user = optional("User on the nodes (empty: as ssh is configured)", &operator::user().unwrap_or_default())?;
    let path = absolute("Path of the repository on the nodes", &format!("/srv/{cell}"))?;
    let unit = format!("systemctl is-active --quiet {cell}");
    let start = text("Command that starts the service", Some(&format!("sudo systemctl start {cell}")))?;
    let stop = text("Command that stops it", Some(&format!("sudo systemctl stop {cell}")))?;
    let check = text("Command that exits 0 while it runs", Some(&unit))?;
    let mut draft = Draft { cell, user, path, start, stop, check, nodes: Vec::new() };
    loop {
        let count = draft.nodes.len();
        let role = role_at(count).as_str().to_uppercase();
        let (prompt, may_be_empty) = match count {
            0 | 1 => (format!("Name of the {role}"), false),
            _ if count < NODES_MIN => (format!("Name of {role} {}", count - 1), false),
            _ => (format!("Name of {role} {} (empty: no more)", count - 1), true),
        };
        let node = name(&prompt, may_be_empty)?;
        if node.is_empty() {
            return Ok(draft);
        }
        if draft.nodes.iter().any(|(known, _)| *known == node) {
            view::write_err(&format!("  there is a node {node} already\n"));
            continue;
        }
        let host = text(&format!("Host of {node}"), None)?;
        draft.nodes.push((node, host));
    }
}

fn name(prompt: &str, may_be_empty: bool) -> dialoguer::Result<String> {
    let valid = move |text: &String| match text.parse::<Name>() {
        Err(why) if !text.is_empty() => Err(why.to_string()),
        _ => Ok(()),
    };
    let theme = ColorfulTheme::default();
    let input = Input::<String>::with_theme(&theme).with_prompt(prompt);
    input.allow_empty(may_be_empty).validate_with(valid).interact()
}

fn text(prompt: &str, default: Option<&str>) -> dialoguer::Result<String> {
    let theme = ColorfulTheme::default();
    let input = Input::<String>::with_theme(&theme).with_prompt(prompt);
    match default.filter(|default| !default.is_empty()) {
        Some(default) => input.default(default.to_owned()).interact(),
        None => input.interact(),
    }
}

fn optional(prompt: &str, default: &str) -> dialoguer::Result<String> {
    let theme = ColorfulTheme::default();
    let input = Input::<String>::with_theme(&theme).with_prompt(prompt).allow_empty(true);
    if default.is_empty() { input.interact() } else { input.default(default.to_owned()).interact() }
}

fn absolute(prompt: &str, default: &str) -> dialoguer::Result<String> {
    let valid = |text: &String| if text.starts_with('/') { Ok(()) } else { Err("a path that begins with /") };
    let theme = ColorfulTheme::default();
    let input = Input::<String>::with_theme(&theme).with_prompt(prompt).default(default.to_owned());
    input.validate_with(valid).interact()
}
