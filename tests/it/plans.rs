//! What plans are made from, in words: what nodes say, how the cell is set, what is wished.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use m3m::core::diagnosis::diagnose;
use m3m::core::duty::Duty;
use m3m::core::inventory::{Fence, Inventory, Quorum, Service};
use m3m::core::name::NodeName;
use m3m::core::observation::Picture;
use m3m::core::plan::{Plan, Refusal, Scene, Signature, Wish, plan};
use m3m::core::probe::{Facts, Identity, RepositoryState};
use m3m::core::status::Status;
use m3m::core::term::{Act, HeldTerm, TermRecord, members};

use crate::diagnosis::{AT, change, facts, inventory, picture_of};
use crate::terms;

/// What is decided, from what: pictures, a cell and a wish.
pub struct Case {
    pub inventory: Inventory,
    pub pictures: Vec<Picture>,
    pub wish: Wish,
}

fn name(text: &str) -> NodeName {
    text.parse().expect("a name")
}

/// The term of a word such as `8almaty` or `8almaty/novosibirsk`: its number, PRIMARY and BRAIN.
fn term(inventory: &Inventory, word: &str) -> Option<HeldTerm> {
    let digits = word.find(|c: char| !c.is_ascii_digit())?;
    let (number, roles) = word.split_at(digits);
    let (primary, brain) = roles.split_once('/').unwrap_or((roles, "moscow"));
    let was_moved = primary != "amsterdam";
    let record = TermRecord {
        members: members(inventory),
        quorum: inventory.safety.quorum,
        fence: inventory.safety.fence,
        from: if was_moved { vec![name("amsterdam")] } else { Vec::new() },
        act: if was_moved { Act::Switchover } else { Act::Init },
        ..terms::record(number.parse().ok()?, primary, brain)
    };
    Some(HeldTerm { commit: word.to_owned(), record: Some(record) })
}

impl Case {
    /// Pictures are parted by `|`, and one behind `2*` is seen twice; without a word every node is well and holds term 7. Words of the wish: the verb, the
    /// node, what a person allows, and how the cell is set.
    pub fn new(pictures: &str, wish: &str) -> Self {
        // Read once: properties try many.
        static SHIPPED: LazyLock<Inventory> = LazyLock::new(inventory);
        let mut inventory = SHIPPED.clone();
        let mut wanted = Wish {
            duty: Duty::Primary,
            to: None,
            reason: "maintenance".to_owned(),
            allow_data_loss: false,
            confirmed_off: BTreeSet::new(),
            goes_back: false,
        };
        for word in wish.split_whitespace() {
            match word {
                "promote" => wanted.duty = Duty::Primary,
                "inherit-brain" => wanted.duty = Duty::Brain,
                "allow-data-loss" => wanted.allow_data_loss = true,
                "goes-back" => wanted.goes_back = true,
                "required" => inventory.safety.fence = Fence::Required,
                "majority" => inventory.safety.quorum = Quorum::Majority,
                "fence_command" => inventory.safety.fence_command = Some("fence".to_owned()),
                "announce" => inventory.announce = Some("announce".to_owned()),
                "brain-service" => inventory.nodes.iter_mut().for_each(|node| {
                    node.brain = Some(Service { check: "check brain".to_owned(), ..node.service.clone() });
                }),
                word => match word.split_once(':') {
                    Some(("off", node)) => drop(wanted.confirmed_off.insert(name(node))),
                    Some(("no-candidate", kept)) => {
                        let node = inventory.nodes.iter_mut().find(|node| node.name.as_str() == kept);
                        node.expect("a node").candidate = false;
                    }
                    Some(("unlisted", _)) => {}
                    Some((other, _)) => panic!("no such word: {other}"),
                    None => wanted.to = Some(name(word)),
                },
            }
        }
        let painted = |story: &str| match story.strip_prefix("2* ") {
            Some(story) => vec![paint(&inventory, story); 2],
            None => vec![paint(&inventory, story)],
        };
        let pictures = pictures.split('|').flat_map(painted).collect();
        if let Some(gone) = wish.split_whitespace().find_map(|word| word.strip_prefix("unlisted:")) {
            inventory.nodes.retain(|node| node.name.as_str() != gone);
        }
        Self { inventory, pictures, wish: wanted }
    }

    pub fn scene(&self) -> Scene<'_> {
        Scene { inventory: &self.inventory, pictures: &self.pictures }
    }

    pub fn plan(&self) -> Result<Plan, Refusal> {
        let signature = Signature {
            by: "op@desk".to_owned(),
            at: Timestamp::new(AT, 0).expect("a time"),
            claim: "0123456789abcdef".to_owned(),
        };
        plan(&self.scene(), &self.wish, &signature)
    }

    pub fn status(&self) -> Status {
        diagnose(&self.inventory, self.pictures.last().expect("a picture"))
    }
}

/// A picture: every node is ready and holds term 7, unless words say otherwise.
fn paint(inventory: &Inventory, story: &str) -> Picture {
    let well = |node: &NodeName| Facts {
        identity: Some(Identity { node: node.to_string(), cell: inventory.cell.to_string() }),
        term: term(inventory, "7amsterdam"),
        ..facts(node.as_str() == "amsterdam")
    };
    picture_of(inventory, story, well, |facts, word| match word {
        "new" => facts.identity = None,
        "stranger" => facts.identity = Some(Identity { node: "other".to_owned(), cell: "montana".to_owned() }),
        "another" => {
            let held = facts.term.as_mut().expect("a term");
            held.record.as_mut().expect("a record").cell = "elsewhere".parse().expect("a name");
        }
        "dirty" => match &mut facts.repository {
            RepositoryState::Found(found) => found.uncommitted = Some(3),
            other => panic!("no repository: {other:?}"),
        },
        word => match term(inventory, word) {
            Some(held) => facts.term = Some(held),
            None => change(facts, word),
        },
    })
}
