//! The hands: bounded fan-out to all nodes.
