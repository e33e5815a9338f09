//! What `m3m init` found and did, as programs read it: `m3m.init/1`. Times are UTC; what is not known is null.

use serde::Serialize;

use crate::core::init::{Deed, End, NodeReport, Report};
use crate::core::name::NodeName;
use crate::core::plan::Refusal;
use crate::core::term::TermRecord;

#[derive(Debug, Serialize)]
pub(super) struct InitRecord<'a> {
    schema: &'static str,
    at: String,
    cell: &'a str,
    dry_run: bool,
    end: &'static str,
    reason: Option<String>,
    hints: Vec<&'a str>,
    term: Option<u64>,
    differences: &'a [String],
    drifted: bool,
    claimed: &'a [TermRecord],
    nodes: Vec<NodeRecord<'a>>,
}

#[derive(Debug, Serialize)]
struct NodeRecord<'a> {
    name: &'a str,
    state: &'static str,
    via: Option<&'a str>,
    term: Option<u64>,
    done: Vec<DeedRecord<'a>>,
    reason: Option<&'a str>,
    hint: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct DeedRecord<'a> {
    what: &'static str,
    from_term: Option<u64>,
    to_term: Option<u64>,
    detail: Option<&'a str>,
}

impl<'a> InitRecord<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let (reason, hints) = match &report.end {
            End::Done => (None, Vec::new()),
            End::Waits(Refusal { reason, hints, .. }) | End::Incomplete(Refusal { reason, hints, .. }) => {
                (Some(reason.clone()), hints.iter().map(String::as_str).collect())
            }
            End::Lost(held) => (Some(format!("lost to term {} of {}", held.record.term, held.record.by)), Vec::new()),
        };
        Self {
            schema: "m3m.init/1",
            at: report.at.to_string(),
            cell: report.cell.as_str(),
            dry_run: report.is_dry,
            end: report.end.as_str(),
            reason,
            hints,
            term: report.term,
            differences: &report.differences,
            drifted: report.is_drifted,
            claimed: &report.claimed,
            nodes: report.nodes.iter().map(NodeRecord::of).collect(),
        }
    }
}

impl<'a> NodeRecord<'a> {
    fn of(node: &'a NodeReport) -> Self {
        Self {
            name: node.node.as_str(),
            state: node.state.as_str(),
            via: node.via.as_ref().map(NodeName::as_str),
            term: node.term,
            done: node.deeds.iter().map(DeedRecord::of).collect(),
            reason: node.reason.as_deref(),
            hint: node.hint.as_deref(),
        }
    }
}

impl<'a> DeedRecord<'a> {
    fn of(deed: &'a Deed) -> Self {
        let (from_term, to_term, detail) = match deed {
            Deed::Repository | Deed::Commit | Deed::Name => (None, None, None),
            Deed::Aside(reference) => (None, None, reference.as_deref()),
            Deed::Dropped(raw) => (None, None, Some(raw.as_str())),
            Deed::Claimed(term) => (None, Some(*term), None),
            Deed::Raised { from, to } => (*from, Some(*to), None),
        };
        Self { what: deed.as_str(), from_term, to_term, detail }
    }
}
