//! The one integration test binary: the `m3m` binary and its library, from outside.
//!
//! Every file of this folder is a module here (`tidy.rs` checks it).

#![expect(unreachable_pub, reason = "the support modules say what they offer to the others")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "what a helper cannot do fails its test, as in the test itself"
)]

mod acceptor;
mod agent;
#[cfg(feature = "lab")]
mod carry;
mod cell_file;
mod chains;
#[cfg(feature = "lab")]
mod change_announce;
#[cfg(feature = "lab")]
mod change_brain;
#[cfg(feature = "lab")]
mod change_cell;
#[cfg(feature = "lab")]
mod change_cuts;
#[cfg(feature = "lab")]
mod change_deaths;
#[cfg(feature = "lab")]
mod change_few;
#[cfg(feature = "lab")]
mod change_late;
#[cfg(feature = "lab")]
mod change_patience;
#[cfg(feature = "lab")]
mod change_races;
#[cfg(feature = "lab")]
mod change_runs;
#[cfg(feature = "lab")]
mod change_services;
#[cfg(feature = "lab")]
mod change_splits;
#[cfg(feature = "lab")]
mod change_states;
#[cfg(feature = "lab")]
mod change_steps;
#[cfg(feature = "lab")]
mod change_writes;
mod changes;
mod check_script;
#[cfg(feature = "lab")]
mod cli_check;
mod cli_completion;
#[cfg(feature = "lab")]
mod cli_every;
#[cfg(feature = "lab")]
mod cli_exec;
#[cfg(feature = "lab")]
mod cli_exit;
#[cfg(feature = "lab")]
mod cli_faults;
mod cli_help;
#[cfg(feature = "lab")]
mod cli_history;
#[cfg(feature = "lab")]
mod cli_interrupt;
#[cfg(feature = "lab")]
mod cli_output;
#[cfg(feature = "lab")]
mod cli_passphrase;
#[cfg(feature = "lab")]
mod cli_pause;
#[cfg(feature = "lab")]
mod cli_ssh;
#[cfg(feature = "lab")]
mod cli_status;
#[cfg(feature = "lab")]
mod cli_terminal;
#[cfg(feature = "lab")]
mod consent;
mod diagnosis;
mod five;
#[cfg(feature = "lab")]
mod gate;
mod generated;
mod hands;
mod history;
mod hostile;
#[cfg(feature = "lab")]
mod hostile_points;
#[cfg(feature = "lab")]
mod hostile_relays;
#[cfg(feature = "lab")]
mod hostile_standing;
#[cfg(feature = "lab")]
mod hundred;
mod init;
mod init_new;
mod init_script;
mod inventory;
mod inventory_files;
mod inventory_texts;
mod journal;
mod known_hosts;
#[cfg(feature = "lab")]
mod lab;
#[cfg(feature = "lab")]
mod lab_faults;
#[cfg(feature = "lab")]
mod lab_forward;
#[cfg(feature = "lab")]
mod lab_ledger;
#[cfg(feature = "lab")]
mod lab_network;
#[cfg(feature = "lab")]
mod lab_paths;
#[cfg(feature = "lab")]
mod lab_ssh;
#[cfg(feature = "lab")]
mod lab_throw_away;
mod local_command;
mod man;
mod man_inventory;
mod many_faced;
mod plan_always;
mod plan_stories;
mod plans;
mod probes;
mod processes;
mod promises;
mod proxy;
mod readiness;
mod readiness_reports;
mod readme;
mod real_auth;
mod real_carry;
mod real_change;
mod real_change_cell;
#[cfg(feature = "lab")]
mod real_change_dead;
mod real_change_states;
mod real_change_terms;
mod real_change_ways;
mod real_check;
mod real_exec;
mod real_host_keys;
mod real_init;
mod real_ipv6;
mod real_liars;
mod real_relays;
mod real_shells;
mod real_ssh;
mod rig;
#[cfg(feature = "lab")]
mod scripted;
#[cfg(feature = "lab")]
mod scripted_peer;
mod ssh_config;
mod ssh_config_cache;
mod ssh_config_keys;
mod ssh_config_ways;
mod sshd;
mod standing;
#[cfg(feature = "lab")]
mod stdin;
mod step_claims;
mod step_ground;
mod step_services;
mod step_states;
mod support;
mod term_model;
mod term_rules;
mod term_search;
mod term_simulation;
#[cfg(feature = "lab")]
mod terminal;
mod terms;
mod tidy;
