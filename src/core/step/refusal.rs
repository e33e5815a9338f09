//! Why a node refuses a step.

use std::fmt;

/// Why a node did not do a step, or not to the end. Displayed, it is what the node says of itself: "the repository is
/// not …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is no git.
    GitMissing,
    /// The repository cannot be used: what git says.
    Repository(String),
    /// It has no work tree.
    Bare,
    /// It is inside of another work tree: where that begins.
    Inside(String),
    /// Something else is in its place: one of the files, or what is no directory; empty where it is the path itself.
    Occupied(String),
    /// Something cannot be written to.
    Unwritable(String),
    /// It was given a name that is none.
    Misnamed(String),
    /// No `m3m init` has made it ready.
    NotInitialised,
    /// It was made ready as another node, or for another cell.
    Identity {
        /// The name that it has there.
        node: String,
        /// The cell that it has there.
        cell: String,
    },
    /// The time for it is over.
    Late,
    /// The node was booted since it was looked at.
    Rebooted,
    /// Another step is under way: its process.
    Busy(String),
    /// Another term than the one that is needed is held: its commit, empty for none.
    Rival(String),
    /// A commit is not there.
    Missing(String),
    /// The held term cannot be read: why.
    Damaged(String),
    /// The term gives the node the very role that it was to be relieved of.
    Named(String),
    /// The term does not give the node the role.
    NotNamed(String),
    /// A new term came while the service was starting, so what was started was killed: the term's commit.
    Superseded(String),
    /// The work tree is on another branch; empty for none.
    Branch(String),
    /// The branch has another commit than expected; empty for none.
    Head(String),
    /// A merge, a rebase or the like was begun and not finished: the sign of it in the git directory.
    Unfinished(String),
    /// A lock file that git left when it crashed.
    LockFile(String),
    /// The service's check cannot be run: its exit status.
    Check(String),
    /// git could not do it: what it says.
    Git(String),
    /// Something that this m3m does not know.
    Other(String),
}

impl Refusal {
    /// Reads a reason and its detail.
    pub(super) fn read(value: &str) -> Self {
        let (reason, detail) = value.split_once(' ').unwrap_or((value, ""));
        let detail = detail.trim().to_owned();
        match reason {
            "git-missing" => Self::GitMissing,
            "repository" => Self::Repository(detail),
            "bare" => Self::Bare,
            "inside" => Self::Inside(detail),
            "occupied" => Self::Occupied(detail),
            "unwritable" => Self::Unwritable(detail),
            "misnamed" => Self::Misnamed(detail),
            "not-initialised" => Self::NotInitialised,
            "identity" => {
                let (node, cell) = detail.split_once(' ').unwrap_or((&detail, ""));
                Self::Identity { node: node.to_owned(), cell: cell.to_owned() }
            }
            "late" => Self::Late,
            "rebooted" => Self::Rebooted,
            "busy" => Self::Busy(detail),
            "rival" => Self::Rival(detail),
            "missing" => Self::Missing(detail),
            "damaged" => Self::Damaged(detail),
            "named" => Self::Named(detail),
            "not-named" => Self::NotNamed(detail),
            "superseded" => Self::Superseded(detail),
            "branch" => Self::Branch(detail),
            "head" => Self::Head(detail),
            "unfinished" => Self::Unfinished(detail),
            "lock-file" => Self::LockFile(detail),
            "check" => Self::Check(detail),
            "git" => Self::Git(detail),
            _ => Self::Other(value.to_owned()),
        }
    }

    /// What to do next, where that is not plain from the reason. `node` is the node's name, `path` its repository.
    #[must_use]
    pub fn hint(&self, node: &str, path: &str) -> Option<String> {
        Some(match self {
            Self::GitMissing => format!("install git on {node}"),
            Self::NotInitialised => format!("m3m init {node}"),
            Self::Bare | Self::Inside(_) => format!("choose another repository.path for {node}: {path} is taken"),
            Self::Occupied(_) => format!(
                "choose an empty or a new repository.path; if these files are the cell's: on {node}, git init {path}"
            ),
            Self::Unwritable(_) => {
                format!("on {node}: make {path} and give it to the user that m3m logs in as, then m3m init {node}")
            }
            Self::Repository(said) if said.contains("dubious ownership") => {
                format!("on {node}: give {path} to the user that m3m logs in as")
            }
            Self::Repository(_) => format!("m3m check says what {node} lacks; m3m init {node} makes it ready"),
            Self::Identity { .. } => format!("does the inventory's host of {node} lead to another node?"),
            Self::Late | Self::Rebooted => "run it again: it begins with a fresh look at the cell".to_owned(),
            Self::Busy(_) => format!("another m3m is at work on {node}: wait until it is done, then run it again"),
            Self::Rival(_) | Self::Superseded(_) => "m3m status shows which term is held where".to_owned(),
            Self::Named(_) | Self::NotNamed(_) => "m3m status shows who is who".to_owned(),
            Self::Missing(_) => "run it again: what is missing is fetched from the other nodes first".to_owned(),
            Self::Misnamed(_) | Self::Damaged(_) => format!("m3m init --repair {node}"),
            Self::Branch(_) => format!("on {node}: git -C {path} switch to the inventory's repository.branch"),
            Self::Head(_) => "run it again: the newest state is taken in first".to_owned(),
            Self::Unfinished(_) => format!("on {node}: git -C {path} status says how to finish or abort it"),
            Self::LockFile(lock) => format!("on {node}: if no git runs there, rm {lock}"),
            Self::Check(_) => format!("on {node}: try the service's check by hand"),
            Self::Git(_) => format!("on {node}: git -C {path} status, and is there room on its disk?"),
            Self::Other(_) => return None,
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &'_ str, none: &str| if text.is_empty() { none.to_owned() } else { short(text).to_owned() };
        match self {
            Self::GitMissing => f.write_str("there is no git"),
            Self::Repository(said) => write!(f, "the repository cannot be used: {said}"),
            Self::Bare => f.write_str("the repository has no work tree"),
            Self::Inside(top) => write!(f, "its path is inside of another work tree, {top}"),
            Self::Occupied(what) if what.is_empty() => f.write_str("its path is no directory"),
            Self::Occupied(what) if what.starts_with('/') => write!(f, "{what} is no directory"),
            Self::Occupied(what) => write!(f, "its path holds other files ({what}) and no repository"),
            Self::Unwritable(what) => write!(f, "cannot write to {what}"),
            Self::Misnamed(name) => write!(f, "its repository has a name that is none ({name:?})"),
            Self::NotInitialised => f.write_str("no m3m init has made it ready"),
            Self::Identity { node, cell } => write!(f, "it was made ready as {node} of the cell {cell}"),
            Self::Late => f.write_str("the step came too late"),
            Self::Rebooted => f.write_str("it was booted in the meantime"),
            Self::Busy(process) if process.is_empty() => f.write_str("another step is under way"),
            Self::Busy(process) => write!(f, "another step is under way (process {process})"),
            Self::Rival(held) => write!(f, "it holds another term ({})", or(held, "none")),
            Self::Missing(id) => write!(f, "commit {} is not there", short(id)),
            Self::Damaged(why) => write!(f, "its term cannot be read: {why}"),
            Self::Named(role) => write!(f, "the term makes it {}", role.to_uppercase()),
            Self::NotNamed(role) => write!(f, "the term does not make it {}", role.to_uppercase()),
            Self::Superseded(held) => write!(f, "a newer term came in the meantime ({})", short(held)),
            Self::Branch(branch) if branch.is_empty() => f.write_str("its work tree is on no branch"),
            Self::Branch(branch) => write!(f, "its work tree is on the branch {branch}"),
            Self::Head(head) => write!(f, "its branch is at another commit ({})", or(head, "none")),
            Self::Unfinished(sign) => write!(f, "something was begun in its work tree and not finished ({sign})"),
            Self::LockFile(lock) => write!(f, "a lock file stands in the way: {lock}"),
            Self::Check(status) => write!(f, "the service's check cannot be run (exit {status})"),
            Self::Git(said) => write!(f, "git: {said}"),
            Self::Other(words) => write!(f, "it refuses: {words}"),
        }
    }
}

/// A commit's id as people write it; anything else as it stands.
fn short(id: &str) -> &str {
    id.get(..12).filter(|_| id.len() >= 40).unwrap_or(id)
}
