//! What was found and done, node by node.

use super::{Initialising, Look};
use crate::core::drift::differences;
use crate::core::init::{Deed, NodeReport, Report, State, hurdle, is_ready};
use crate::core::inventory::Node;
use crate::core::name::NodeName;
use crate::core::observation::Picture;
use crate::core::probe::Facts;
use crate::core::step::{Aside, Part};
use crate::core::term::{Held, Standing, TermRecord};
use crate::world::clock;

/// Why a node is not ready, and what to do next.
type Reason = (String, Option<String>);

impl Initialising<'_> {
    /// The report, by this picture: what is seen, or what would be.
    pub(super) fn report(&mut self, picture: &Picture, is_dry: bool) -> Report {
        let inventory = self.cell.inventory();
        let standing = Standing::of(&picture.holdings());
        let base = standing.in_force();
        let asked = inventory.nodes.iter().filter(|node| self.order.nodes.contains(&node.name));
        let nodes = asked.map(|node| self.node(node, picture, base, is_dry)).collect();
        Report {
            cell: inventory.cell.clone(),
            at: clock::now(),
            is_dry,
            nodes,
            differences: self.differences(),
            is_drifted: !self.order.applies
                && base.is_some_and(|base| !differences(&base.record, inventory).is_empty()),
            claimed: std::mem::take(&mut self.claimed),
            term: base.map(|held| held.record.term),
            end: std::mem::replace(&mut self.end, crate::core::init::End::Done),
        }
    }

    fn node(&self, node: &Node, picture: &Picture, base: Option<&Held>, is_dry: bool) -> NodeReport {
        let name = &node.name;
        let seen = picture.observations.get(name);
        let mut report = NodeReport {
            node: name.clone(),
            via: seen.and_then(|seen| seen.via.as_ref()).map(|via| via.relay.clone()),
            state: State::Ready,
            deeds: self.deeds(name, is_dry),
            term: None,
            reason: None,
            hint: None,
        };
        let why = match seen.map(|seen| &seen.answer) {
            None => Some(("it was not asked".to_owned(), None)),
            Some(Err(silence)) => {
                report.state = State::Absent;
                Some((silence.to_string(), silence.hint(name.as_str(), node.address(), node.ssh.port())))
            }
            Some(Ok(facts)) => {
                report.term = facts.term.as_ref().and_then(|held| Some(held.record.as_ref()?.term));
                let moved = self.moved(name, facts, base, is_dry);
                report.deeds.extend(moved);
                self.why_not(node, facts, base, is_dry)
            }
        };
        if let Some((reason, hint)) = why {
            if report.state == State::Ready {
                report.state = State::NotReady;
            }
            (report.reason, report.hint) = (Some(reason), hint);
        }
        report
    }

    /// What was made there, or would be.
    fn deeds(&self, node: &NodeName, is_dry: bool) -> Vec<Deed> {
        let deed = |part: &Part| match part {
            Part::Repository => Deed::Repository,
            Part::Commit => Deed::Commit,
            Part::Name => Deed::Name,
        };
        if !is_dry {
            let Some(made) = self.made.get(node) else { return Vec::new() };
            let aside = made.aside.as_ref().map(|aside| match aside {
                Aside::Kept(reference) => Deed::Aside(Some(reference.clone())),
                Aside::Dropped(raw) => Deed::Dropped(raw.clone()),
            });
            return made.did.iter().map(deed).chain(aside).collect();
        }
        let needs = match self.looks.get(node) {
            Some(Look::Missing(made)) => made.needs.as_slice(),
            Some(Look::Refused(_)) if self.order.repairs && self.damage(node).is_some() => &[Part::Name],
            _ => &[],
        };
        let is_damaged = matches!(self.looks.get(node), Some(Look::Missing(made)) if made.damaged.is_some());
        let aside = (self.order.repairs && is_damaged).then_some(Deed::Aside(None));
        needs.iter().map(deed).chain(aside).collect()
    }

    /// How its term moved since the first look, or would.
    fn moved(&self, node: &NodeName, facts: &Facts, base: Option<&Held>, is_dry: bool) -> Option<Deed> {
        let first = self.pictures.first()?.facts(node).and_then(|facts| facts.term.as_ref());
        let from = first.and_then(|held| Some(held.record.as_ref()?.term));
        let of = |record: &TermRecord| {
            let is_own = self.claimed.iter().any(|claimed| claimed.claim == record.claim);
            if is_own { Deed::Claimed(record.term) } else { Deed::Raised { from, to: record.term } }
        };
        if is_dry {
            let may = is_ready(self.cell.inventory(), node, facts);
            let may = may && base.is_none_or(|base| hurdle(node, facts, base).is_none());
            let to = self.claimed.last().or(base.map(|base| &base.record)).filter(|_| may)?;
            let is_there = facts.term.as_ref().is_some_and(|held| held.record.as_ref() == Some(to));
            return (!is_there).then(|| of(to));
        }
        let now = facts.term.as_ref()?;
        let record = now.record.as_ref()?;
        (first.is_none_or(|first| first.commit != now.commit)).then(|| of(record))
    }

    /// Why a node that answers is not ready.
    fn why_not(&self, node: &Node, facts: &Facts, base: Option<&Held>, is_dry: bool) -> Option<Reason> {
        let (name, path) = (&node.name, &node.repository.path);
        let failed = || self.failed.get(name).cloned();
        if !is_ready(self.cell.inventory(), name, facts) {
            return failed().or_else(|| self.refused(node)).or_else(|| {
                Some(("its repository is not ready".to_owned(), Some(format!("m3m check --node {name} says more"))))
            });
        }
        if let Some(Look::Missing(made)) = self.looks.get(name)
            && let Some(on) = &made.branch
        {
            let on = if on.is_empty() { "no branch".to_owned() } else { format!("the branch {on}") };
            let hint = format!("on {name}: git -C {path} switch {}", node.repository.branch);
            return Some((format!("its work tree is on {on}, not on {}", node.repository.branch), Some(hint)));
        }
        if let Some(Look::Missing(made)) = self.looks.get(name)
            && let Some(why) = made.damaged.as_ref().filter(|_| !self.order.repairs)
        {
            return Some((format!("its term cannot be read: {why}"), Some(format!("m3m init --repair {name}"))));
        }
        let base = base?;
        if let Some(hurdle) = hurdle(name, facts, base) {
            return Some((hurdle.reason, Some(hurdle.hint)));
        }
        let last = self.claimed.last().filter(|_| is_dry).unwrap_or(&base.record);
        if !last.has(name) {
            let text = format!("it is no member of the cell by term {}", last.term);
            return Some((text, Some("the inventory's members become the cell's by m3m init --apply".to_owned())));
        }
        let lags = facts.term.as_ref().is_none_or(|held| held.commit != base.commit);
        (lags && !is_dry).then(|| {
            let text = format!("it does not hold term {}", base.record.term);
            failed().unwrap_or((text, Some(format!("m3m init {name}"))))
        })
    }

    /// Why it cannot be made ready, by the first look.
    fn refused(&self, node: &Node) -> Option<Reason> {
        match self.looks.get(&node.name)? {
            Look::Refused(refusal) => {
                Some((refusal.to_string(), refusal.hint(node.name.as_str(), &node.repository.path)))
            }
            Look::Silent(silence) => Some((format!("it did not say what its repository lacks: {silence}"), None)),
            Look::Missing(_) => None,
        }
    }
}
