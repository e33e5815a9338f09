//! The one integration test binary: the `m3m` binary and its library, from outside.
//!
//! Every file of this folder is a module here (`tidy.rs` checks it).

mod generated;
mod inventory;
mod support;
