//! m3m
fn main() {}
