//! A command that ran on nodes, as programs read it: `m3m.exec/1`. Times are UTC, durations in seconds; what is not
//! known is null. Output is text: bytes that are not UTF-8 are U+FFFD, and `is_utf8` is false then.

use std::borrow::Cow;

use serde::Serialize;

use crate::core::name::NodeName;
use crate::core::run::{End, Execution, Run};

#[derive(Debug, Serialize)]
pub(super) struct ExecRecord<'a> {
    schema: &'static str,
    at: String,
    cell: &'a str,
    command: &'a str,
    timeout_s: f64,
    exit_status: u8,
    nodes_total: usize,
    nodes: Vec<RunRecord<'a>>,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each says a thing of its own")]
struct RunRecord<'a> {
    name: &'a str,
    host: &'a str,
    port: u16,
    via: Option<&'a str>,
    end: &'static str,
    exit_status: Option<u8>,
    signal: Option<&'static str>,
    output_held_open: bool,
    may_still_run: bool,
    reason: Option<String>,
    phase: Option<&'static str>,
    hint: Option<String>,
    took_s: f64,
    stdout: Cow<'a, str>,
    stderr: Cow<'a, str>,
    is_utf8: bool,
    truncated: bool,
}

impl<'a> ExecRecord<'a> {
    pub(super) fn of(execution: &'a Execution) -> Self {
        Self {
            schema: "m3m.exec/1",
            at: execution.at.to_string(),
            cell: execution.cell.as_str(),
            command: &execution.command,
            timeout_s: execution.timeout.as_secs_f64(),
            exit_status: execution.status(),
            nodes_total: execution.runs.len(),
            nodes: execution.runs.iter().map(RunRecord::of).collect(),
        }
    }
}

impl<'a> RunRecord<'a> {
    fn of(run: &'a Run) -> Self {
        let silence = run.end.silence();
        let (stdout, stderr) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        Self {
            name: run.node.as_str(),
            host: &run.host,
            port: run.port,
            via: run.via.as_ref().map(NodeName::as_str),
            end: match run.end {
                End::Exited(_) | End::Left(_) => "exited",
                End::TimeOver => "time_over",
                End::Lost(_) => "lost",
                End::NotBegun(_) => "not_reached",
                End::Interrupted => "interrupted",
            },
            exit_status: run.end.status(),
            signal: run.end.signal(),
            output_held_open: matches!(run.end, End::Left(_)),
            may_still_run: run.end.may_still_run(),
            reason: silence.map(ToString::to_string),
            phase: silence.map(|silence| silence.phase.as_str()),
            hint: run.hint(run.node.as_str()),
            took_s: run.took.as_secs_f64(),
            // Borrowed where it was UTF-8.
            is_utf8: matches!((&stdout, &stderr), (Cow::Borrowed(_), Cow::Borrowed(_))),
            stdout,
            stderr,
            truncated: run.is_cut(),
        }
    }
}
