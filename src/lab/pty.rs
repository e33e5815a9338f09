//! A terminal for a session, so that a person can work on a node: `script` makes it, since to make one here would take
//! code that the compiler cannot check. Where there is no such `script` a client is told that there is none.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use super::exec::program;
use super::layout::NodeDir;
use super::setup::shell_word;

/// util-linux's options: quiet, with the command's exit status, each output at once, and the command.
const OPTIONS: &str = "-qefc";

/// What a client asks for.
#[derive(Debug)]
pub(super) struct Pty {
    term: String,
    columns: u32,
    rows: u32,
}

impl Pty {
    /// A terminal of this size, in characters; nothing where none can be made.
    pub(super) async fn new(term: &str, columns: u32, rows: u32) -> Option<Self> {
        let mut script = tokio::process::Command::new("script");
        script.args([OPTIONS, "exit 7", "/dev/null"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let works = script.status().await.is_ok_and(|status| status.code() == Some(7));
        works.then(|| Self { term: term.to_owned(), columns, rows })
    }

    /// `sh` with these arguments in a terminal of the node.
    pub(super) fn sh(&self, node: &NodeDir, arguments: &[&OsStr]) -> Command {
        let Self { term, columns, rows } = self;
        let words: String = arguments.iter().map(|word| format!(" {}", shell_word(&word.to_string_lossy()))).collect();
        // Arguments that are not UTF-8 are typed by nobody. Where its input is no terminal `script` turns the echo off.
        let line = format!("stty rows {rows} cols {columns} echo 2>/dev/null; exec /bin/sh{words}");
        let mut script = program("script", node);
        script.args([OPTIONS, &line, "/dev/null"]).env("TERM", term);
        script
    }
}
