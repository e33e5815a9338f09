//! The network of a lab, as its operator breaks and mends it: what is in force stands in one file, and the process of
//! [`super::wire`] carries bytes accordingly.

mod end;
mod faults;
mod force;
mod wan;

pub use end::{Direction, End};
pub(super) use faults::Faults;
pub use force::{Network, PathStatus};
pub(super) use force::{change, load, prepare};
pub use wan::Wan;
