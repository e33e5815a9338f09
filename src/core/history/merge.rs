//! One history from the chains of all nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::{Agreement, Chain, Chains, Entry, Fate, History, Link, NodeHistory, Reign};
use crate::core::inventory::Inventory;
use crate::core::silence::Silence;
use crate::core::term::{HeldTerm, Holdings, Standing, TermRecord};

/// The commits of all nodes, by id.
type Links<'a> = BTreeMap<&'a str, &'a Link>;

/// Merges what nodes know, read at this time.
#[must_use]
pub fn merge(inventory: &Inventory, chains: &Chains, at: Timestamp) -> History {
    let answers = || chains.values().filter_map(|chain| chain.as_ref().ok());
    let mut links = Links::new();
    for (id, link) in answers().flat_map(|chain| &chain.links) {
        // A node may lack what another one can read.
        let known = links.entry(id).or_insert(link);
        if known.record.is_none() {
            *known = link;
        }
    }
    let standing = Standing::of(&holdings(chains));
    let line = line(&standing, &links);
    let mut terms = entries(&line, &standing, &links);
    let has_more = links.values().flat_map(|link| &link.parents).any(|parent| !links.contains_key(parent.as_str()));
    reigns(&mut terms, has_more, at);
    let nodes = inventory.nodes.iter().filter_map(|node| {
        let chain = chains.get(&node.name)?;
        let tip = chain.as_ref().ok().and_then(|chain| chain.tip.clone());
        Some(NodeHistory { name: node.name.clone(), tip, agreement: agreement(chain.as_ref(), &line) })
    });
    History { cell: inventory.cell.clone(), at, terms, has_more, nodes: nodes.collect() }
}

/// What the nodes hold, as far as they could tell.
fn holdings(chains: &Chains) -> Holdings {
    let held = |chain: &Chain| {
        let tip = chain.tip.as_ref()?;
        let record = chain.links.get(tip).and_then(|link| link.record.clone());
        Some(HeldTerm { commit: tip.clone(), record })
    };
    let told = chains.iter().filter_map(|(node, chain)| Some((node, chain.as_ref().ok()?)));
    told.filter(|(_, chain)| chain.fault.is_none()).map(|(node, chain)| (node.clone(), held(chain))).collect()
}

/// The won terms, the newest first: from the one in force along the first parents. One that is open itself names the last
/// won one all the same.
fn line<'a>(standing: &Standing, links: &Links<'a>) -> Vec<&'a str> {
    let open = standing.won.is_none();
    let tip = standing.in_force().and_then(|held| links.get_key_value(held.commit.as_str()));
    let mut line: Vec<&str> = Vec::new();
    let mut next = tip.map(|(id, _)| *id);
    while let Some(id) = next {
        line.push(id);
        next = links[id].parents.first().and_then(|parent| links.get_key_value(parent.as_str())).map(|(id, _)| *id);
    }
    if open && !line.is_empty() {
        line.remove(0);
    }
    line
}

/// The terms, the newest first.
fn entries(line: &[&str], standing: &Standing, links: &Links<'_>) -> Vec<Entry> {
    let won: BTreeSet<&str> = line.iter().copied().collect();
    let height = standing.won.as_ref().map_or(0, |held| held.record.term);
    let highest = standing.highest().map_or(0, |held| held.record.term);
    let fate = |id: &str, record: &TermRecord| match () {
        () if won.contains(id) => Fate::Won,
        () if height == 0 && record.term == highest || height > 0 && record.term > height => Fate::Open,
        () => Fate::Lost,
    };
    let mut terms: Vec<Entry> = links
        .iter()
        .filter_map(|(id, link)| {
            let record = link.record.clone()?;
            let (commit, parents) = ((*id).to_owned(), link.parents.clone());
            Some(Entry { commit, parents, fate: fate(id, &record), record, reign: None })
        })
        .collect();
    // Of one number the won one comes first.
    terms.sort_by(|a, b| {
        let key = |entry: &Entry| (entry.record.term, entry.fate == Fate::Won, entry.record.at);
        key(b).cmp(&key(a))
    });
    terms
}

/// Puts to each won term with which a reign began how long it lasted.
fn reigns(terms: &mut [Entry], has_more: bool, at: Timestamp) {
    let won: Vec<usize> = (0..terms.len()).filter(|index| terms[*index].fate == Fate::Won).collect();
    let mut ends: Option<Timestamp> = None;
    for (place, index) in won.iter().enumerate() {
        let record = &terms[*index].record;
        let before = won.get(place + 1).map(|before| &terms[*before].record);
        if before.is_some_and(|before| before.primary == record.primary) {
            continue;
        }
        let lasted = ends.unwrap_or(at).duration_since(record.at);
        let reign = Reign {
            // Clocks of different operators may disagree.
            lasted: Duration::try_from(lasted).unwrap_or_default(),
            is_present: ends.is_none(),
            is_cut: before.is_none() && has_more,
        };
        ends = Some(record.at);
        terms[*index].reign = Some(reign);
    }
}

fn agreement(chain: Result<&Chain, &Silence>, line: &[&str]) -> Agreement {
    let chain = match chain {
        Ok(chain) => chain,
        Err(silence) => return Agreement::Silent(silence.clone()),
    };
    let Some(tip) = &chain.tip else {
        return chain.fault.clone().map_or(Agreement::Without, Agreement::Damaged);
    };
    if let Some(fault) = &chain.fault {
        return Agreement::Damaged(fault.clone());
    }
    let Some(record) = chain.links.get(tip).and_then(|link| link.record.as_ref()) else {
        return Agreement::Damaged("its term.json cannot be read".to_owned());
    };
    match line.iter().position(|id| id == tip) {
        Some(0) => Agreement::Agrees,
        Some(misses) => Agreement::Behind { term: record.term, misses },
        None => Agreement::Differs(record.term),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::silence::{Cause, Phase};
    use crate::core::term::tests::{name, record};

    /// A chain of commits, the held one first, as in `8:7+8b 8b:7 7:6 6`: number, first parent, what it closed. A letter
    /// behind a number is who became PRIMARY by it; the first one is d.
    fn chain(text: &str) -> Chain {
        let commit = |id: &str, parents: &str| {
            let number: String = id.chars().take_while(char::is_ascii_digit).collect();
            let primary = id.strip_prefix(&number).filter(|text| !text.is_empty()).unwrap_or("d");
            let number: u64 = number.parse().expect("a number");
            let at = Timestamp::from_second(i64::try_from(number).expect("a small one") * 100).expect("a time");
            let record = TermRecord { at, ..record(number, primary, "e") };
            let parents = parents.split('+').filter(|id| !id.is_empty()).map(str::to_owned).collect();
            (id.to_owned(), Link { parents, record: Some(record) })
        };
        let links = text.split_whitespace().map(|word| {
            let (id, parents) = word.split_once(':').unwrap_or((word, ""));
            commit(id, parents)
        });
        let tip = text.split([' ', ':']).next().map(str::to_owned);
        Chain { tip: tip.filter(|tip| !tip.is_empty()), links: links.collect(), fault: None }
    }

    fn merged(chains: &[(&str, Result<Chain, Silence>)]) -> (String, Vec<&'static str>) {
        let chains: Chains = chains.iter().map(|(node, chain)| (name(node), chain.clone())).collect();
        let standing = Standing::of(&holdings(&chains));
        let mut links = Links::new();
        for chain in chains.values().flatten() {
            links.extend(chain.links.iter().map(|(id, link)| (id.as_str(), link)));
        }
        let line = line(&standing, &links);
        let mut terms = entries(&line, &standing, &links);
        reigns(&mut terms, false, Timestamp::from_second(1000).expect("a time"));
        let shown = terms.iter().map(|entry| {
            let reign = entry
                .reign
                .map(|reign| format!("/{}{}", reign.lasted.as_secs(), if reign.is_present { "+" } else { "" }));
            format!("{}={}{}", entry.commit, entry.fate.as_str(), reign.unwrap_or_default())
        });
        let agree = chains.values().map(|chain| agreement(chain.as_ref(), &line).id());
        (shown.collect::<Vec<_>>().join(" "), agree.collect())
    }

    fn of(chains: &[(&str, &str)]) -> (String, String) {
        let chains: Vec<_> = chains.iter().map(|(node, text)| (*node, Ok(chain(text)))).collect();
        let (terms, agree) = merged(&chains);
        (terms, agree.join(" "))
    }

    #[test]
    fn one_line_of_won_terms_with_reigns() {
        let all = "4a:3 3:2a 2a:1 1";
        let (terms, agree) = of(&[("a", all), ("b", all), ("c", all), ("d", "3:2a 2a:1 1"), ("e", "")]);
        assert_eq!(terms, "4a=won/600+ 3=won/100 2a=won/100 1=won/100");
        assert_eq!(agree, "agrees agrees agrees behind without");
    }

    #[test]
    fn a_term_that_keeps_the_primary_ends_no_reign() {
        let all = "4:3a 3a:2a 2a:1 1";
        assert_eq!(of(&[("d", all)]).0, "4=won/600+ 3a=won 2a=won/200 1=won/100");
    }

    #[test]
    fn open_and_lost_claims_are_marked() {
        // 8b lost against 8a and was closed by 9a; 10c is open on two nodes.
        let base = "9a:8a+8b 8a:7 8b:7 7";
        let open = format!("10c:9a {base}");
        let (terms, agree) = of(&[("a", base), ("b", base), ("d", base), ("c", &open), ("e", &open)]);
        assert_eq!(terms, "10c=open 9a=won 8a=won/200+ 8b=lost 7=won/100");
        assert_eq!(agree, "agrees agrees differs agrees differs");
    }

    #[test]
    fn where_neither_claim_is_won_the_terms_below_still_are() {
        let (terms, agree) =
            of(&[("a", "8a:7 7:6 6"), ("c", "8a:7 7:6 6"), ("b", "8b:7 7:6 6"), ("d", "8b:7 7:6 6"), ("e", "6")]);
        assert_eq!(terms, "8a=open 8b=open 7=won 6=won/400+");
        assert_eq!(agree, "differs differs differs differs behind");
    }

    #[test]
    fn silence_and_damage_are_told() {
        let silence = Silence { phase: Phase::Connect, cause: Cause::Timeout };
        let damaged = Chain { fault: Some("broken".to_owned()), ..chain("7") };
        let unread = Chain { links: BTreeMap::new(), ..chain("7") };
        let nodes = [("a", Ok(chain("7"))), ("b", Err(silence)), ("c", Ok(damaged)), ("e", Ok(unread))];
        let (_, agree) = merged(&nodes);
        assert_eq!(agree, ["agrees", "silent", "damaged", "damaged"]);
    }
}
