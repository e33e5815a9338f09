//! m3m runs a Montana 3-Mirror cell from an admin workstation.
//!
//! > Observations in, decisions out; the world does as told and says what happened; views only listen.
//!
//! # The map
//!
//! * [`core`] is pure: no clock, no I/O, no async. Inventory, probe, picture, diagnosis, readiness, promises, terms,
//!   chains, steps, events.
//! * [`world`] touches the outside, one outside thing a file or folder: SSH sessions, ssh's configuration,
//!   files, directories, the journal, commands on this machine, clocks.
//! * [`cell`] is the hands: it finds a way to each node, through others where need be, asks all at once and turns the
//!   answers into a picture; it puts steps to nodes and carries commits between them.
//! * [`commands`] holds one file a verb: arguments, help text, `run`; and what all verbs start from.
//! * [`view`] listens to events and words them: table, progress, JSON.
//! * [`lab`] is five real SSH nodes on this machine (cargo feature `lab`, on by default).
//! * [`cli`] is the command line as clap sees it; [`error`] the kinds of error and the exit status table.
//!
//! # The import law
//!
//! ```text
//! main → cli → commands ──► cell ──► world ──► core
//!                      ├──► view ────────────► core
//!                      └──► lab ───► world ──► core
//! ```
//!
//! `core` imports nothing of ours. `view` and `cell` never see each other and meet at [`core::event`].
//! `error` may be used by everything outside `core`. `tests/it/tidy.rs` enforces this.
//!
//! # Invariants
//!
//! 1. Silence of a node is an observation, never an `Err`. Nothing in `core` fails because of a network, a disk or
//!    a clock.
//! 2. Every remote step has a deadline that m3m itself enforces, covering connect to last byte. A command's wall
//!    time is the slowest node's, never the sum. A step that changes a node carries the term under which it is done and
//!    a time by the node's own clock after which it does not begin: the node refuses what comes late or under another.
//! 3. A role changes only by a claim of a higher term, and nobody touches a service before the claim is won.
//! 4. What changes a node has a consent, typed or given by a flag, and is in the journal before it is done. The last
//!    word of every such verb is a fresh observation.
//! 5. One thread owns an SSH session and all its channels; everybody else sends it requests.
//! 6. What a node prints is data: capped in size, stripped of escape sequences before a terminal sees it, and never
//!    made part of a shell command.
//! 7. No host goes unchecked: a node, a jump host or a relay proves its host key before m3m logs in to it.
//! 8. Whatever a person sees, `-o json` says too.

pub mod cell;
pub mod cli;
pub mod commands;
pub mod core;
pub mod error;
#[cfg(feature = "lab")]
pub mod lab;
pub mod view;
pub mod world;
