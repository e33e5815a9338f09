//! The pure core: values in, values out. No clock, no I/O, no async; it cannot fail because of a network.

pub mod duration;
pub mod inventory;
pub mod known_hosts;
pub mod name;
