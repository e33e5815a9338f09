//! The pure core: values in, values out. No clock, no I/O, no async; it cannot fail because of a network.

pub mod chains;
pub mod change;
pub mod diagnosis;
pub mod duration;
pub mod duty;
pub mod event;
pub mod inventory;
pub mod journal;
pub mod known_hosts;
pub mod lag;
pub mod name;
pub mod observation;
pub mod plan;
pub mod probe;
pub mod promises;
pub mod readiness;
pub mod reading;
pub mod relay;
pub mod run;
pub mod shell;
pub mod silence;
pub mod ssh_config;
pub mod status;
pub mod step;
pub mod term;
pub mod text;
