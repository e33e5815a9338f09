//! Changes what is in force: written to the network's file, taken over by its process, and only then reported.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde::{Serialize, Serializer};

use super::super::layout::{LabDir, write_atomically};
use super::super::{lock, processes, setup};
use super::end::paths;
use super::{End, Faults, Wan};
use crate::error::{Error, Exit};

/// A change that takes longer to be in force has failed.
const FORCE_TIMEOUT: Duration = Duration::from_secs(30);
/// Between two looks.
const RETRY: Duration = Duration::from_millis(2);

/// The network of a lab, as it is now.
#[derive(Debug, Clone, Serialize)]
pub struct Network {
    /// The process that is the network; without it no node runs.
    pub pid: Option<i32>,
    /// The distances.
    pub wan: Wan,
    /// All fifteen paths: the operator's first.
    pub paths: Vec<PathStatus>,
}

/// One path, as it is now.
#[derive(Debug, Clone, Serialize)]
pub struct PathStatus {
    /// Its two ends.
    pub between: (End, End),
    /// The round trip, distance and added delay together; in seconds for programs.
    #[serde(rename = "rtt_s", serialize_with = "in_seconds")]
    pub rtt: Duration,
    /// What of it was added; in seconds for programs.
    #[serde(rename = "delay_s", serialize_with = "in_seconds")]
    pub delay: Duration,
    /// The ends at which nothing arrives on this path, by a cut. Whoever has no power is told by its own state.
    pub cut_to: Vec<End>,
}

impl Network {
    pub(in super::super) fn of(lab: &LabDir) -> Result<Self, Error> {
        let faults = load(lab)?;
        let status = |(one, other): (End, End)| PathStatus {
            between: (one, other),
            rtt: faults.rtt(one, other),
            delay: faults.added(one.path(other)),
            cut_to: [(other, one), (one, other)]
                .into_iter()
                .filter_map(|(from, to)| faults.is_cut(from, to).then_some(to))
                .collect(),
        };
        let pid = lock::holder(&lab.wire().lock()).map(|pid| pid.as_raw_nonzero().get());
        Ok(Self { pid, wan: faults.wan, paths: paths().map(status).collect() })
    }
}

fn in_seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// Reads what is in force.
pub(in super::super) fn load(lab: &LabDir) -> Result<Faults, Error> {
    let path = lab.faults();
    let unusable = |error: io::Error| Error::inventory(format!("cannot read {}", path.display())).because(error);
    match std::fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text).map_err(|error| unusable(error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Faults::default()),
        Err(error) => Err(unusable(error)),
    }
}

/// Writes what is in force from the first moment of a network that does not run yet.
pub(in super::super) fn prepare(lab: &LabDir, change: impl FnOnce(&mut Faults)) -> Result<(), Error> {
    write(lab, change).map(drop)
}

/// Changes what is in force, and returns when it is; what cannot be in force as a whole is undone.
pub(in super::super) fn change(lab: &LabDir, change: impl FnOnce(&mut Faults)) -> Result<(), Error> {
    let before = load(lab)?;
    enforce(lab, change).inspect_err(|_| {
        // The first failure is the one to tell.
        let _ = enforce(lab, |faults| faults.restore(before));
    })
}

fn enforce(lab: &LabDir, change: impl FnOnce(&mut Faults)) -> Result<(), Error> {
    let pid = refuse_unless_running(lab)?;
    let serial = write(lab, change)?;
    processes::signal(&lab.wire(), pid, Signal::HUP);
    let deadline = Instant::now() + FORCE_TIMEOUT;
    loop {
        match in_force(lab) {
            Some((done, trouble)) if done >= serial => {
                return trouble.map_or(Ok(()), |why| Err(not_in_force(lab, why)));
            }
            _ => {}
        }
        refuse_unless_running(lab)?;
        if Instant::now() > deadline {
            return Err(not_in_force(lab, format!("no answer within {FORCE_TIMEOUT:?}")));
        }
        std::thread::sleep(RETRY);
    }
}

/// The process that is the network, without which nothing can be changed.
fn refuse_unless_running(lab: &LabDir) -> Result<rustix::process::Pid, Error> {
    lock::holder(&lab.wire().lock()).ok_or_else(|| {
        Error::new(Exit::Refused, "the lab's network does not run, and none of its nodes can without it")
            .hint("start it with the nodes: m3m lab revive NODE...")
    })
}

fn write(lab: &LabDir, change: impl FnOnce(&mut Faults)) -> Result<u64, Error> {
    let mut faults = load(lab)?;
    change(&mut faults);
    faults.serial += 1;
    let path = lab.faults();
    let written = serde_json::to_string_pretty(&faults).map_err(io::Error::from);
    let written = written.and_then(|text| write_atomically(&path, &(text + "\n"), 0o600));
    written.map_err(|error| setup::cannot_write(&path, error))?;
    Ok(faults.serial)
}

/// The change that the network has taken over last, and what it could not do of it.
fn in_force(lab: &LabDir) -> Option<(u64, Option<String>)> {
    let text = std::fs::read_to_string(lab.in_force()).ok()?;
    let (serial, trouble) = text.trim_end().split_once(' ').unwrap_or((text.trim_end(), ""));
    Some((serial.parse().ok()?, (!trouble.is_empty()).then(|| trouble.to_owned())))
}

fn not_in_force(lab: &LabDir, why: String) -> Error {
    let log = lab.wire().log();
    Error::new(Exit::Refused, "the lab's network does not do as told")
        .because(why)
        .hint(format!("see {}", log.display()))
}
