//! The lab: real SSH nodes on this machine.
