//! The one integration test binary: the `m3m` binary and its library, from outside.
//!
//! Every file of this folder is a module here (`tidy.rs` checks it).

#[cfg(feature = "lab")]
mod lab;
#[cfg(feature = "lab")]
mod lab_ledger;
#[cfg(feature = "lab")]
mod lab_ssh;
#[cfg(feature = "lab")]
mod lab_throw_away;
mod support;
