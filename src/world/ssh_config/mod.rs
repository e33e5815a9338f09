//! OpenSSH's client configuration, as the `ssh` of this machine understands it: `ssh -G`, with a cache.
//!
//! Only ssh knows what its configuration means, so it is asked, once for each host and then again when a file has
//! changed that it reads. It takes the home directory from the user database and not from `HOME`, and so does all that
//! follows from its answers.

mod cache;
mod program;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use self::cache::Cache;
use self::program::Said;
use super::trusted;
use crate::core::inventory::{ConfigFile, Node};
use crate::core::ssh_config::{self, Here, HostConfig};
use crate::error::Error;

/// The largest configuration file that is read, in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;

/// How many `ssh -G` run at once, at most. One computes for some milliseconds, or waits for a `Match exec`.
const ASKED_AT_ONCE_MAX: usize = 8;

/// What ssh is asked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The host, as a person would give it to ssh.
    pub host: String,
    /// The user, where the inventory or a chain of jumps says one (`-l`).
    pub user: Option<String>,
    /// The port, where the same say one (`-p`).
    pub port: Option<u16>,
    /// The hosts to go through, where the same say so (`-J`).
    pub jump: Option<String>,
    /// Which files count (`-F`).
    pub config: ConfigFile,
}

impl Question {
    /// What to ask about a node.
    #[must_use]
    pub fn of(node: &Node) -> Self {
        let ssh = &node.ssh;
        Self {
            host: node.host.clone(),
            user: ssh.user.clone(),
            port: ssh.port,
            jump: ssh.jump.clone(),
            config: ssh.config.clone(),
        }
    }

    fn file(&self) -> Option<&Path> {
        match &self.config {
            ConfigFile::File(path) => Some(path),
            ConfigFile::Usual | ConfigFile::None => None,
        }
    }
}

/// The configuration within reach.
#[derive(Debug)]
pub struct SshConfig {
    program: Option<PathBuf>,
    home: Option<PathBuf>,
    caches: BTreeMap<ConfigFile, Cache>,
}

impl SshConfig {
    /// Looks for `ssh` in `PATH`. Nothing is asked yet.
    #[must_use]
    pub fn find(home: Option<&Path>) -> Self {
        Self { program: program::find(), home: home.map(Path::to_owned), caches: BTreeMap::new() }
    }

    /// What ssh would do for each of these, all asked at once. A question without an answer is left out: it is to go
    /// without configuration, there is no ssh here, or it does not know this user.
    ///
    /// # Errors
    /// A named file cannot be read or may be written by others, or ssh does not understand its configuration.
    pub fn ask(&mut self, questions: &BTreeSet<Question>) -> Result<BTreeMap<Question, HostConfig>, Error> {
        let questions = || questions.iter().filter(|question| question.config != ConfigFile::None);
        for config in questions().map(|question| &question.config) {
            if let ConfigFile::File(path) = config
                && !self.caches.contains_key(config)
            {
                self.check(path)?;
            }
        }
        let Some(program) = self.program.clone() else { return Ok(BTreeMap::new()) };
        let mut told = BTreeMap::new();
        let mut open = Vec::new();
        for question in questions() {
            match self.cache(&program, question).get(question) {
                Some(answer) => told.extend([(question.clone(), self.read(question, &answer)?)]),
                None => open.push(question),
            }
        }
        for (question, said) in ask_all(&program, &open)? {
            let answer = ssh_config::digest(&said.answer);
            told.insert(question.clone(), self.read(question, &answer)?);
            let agrees = self.home.is_some() && ssh_config::home_of(&answer) == self.home;
            self.cache(&program, question).put(question, answer, agrees, &said.files);
        }
        self.caches.values_mut().for_each(Cache::save);
        Ok(told)
    }

    /// A file that the inventory names is there, can be trusted with commands, and is not named in vain.
    fn check(&self, config: &Path) -> Result<(), Error> {
        trusted::read(config, FILE_BYTES_MAX)?;
        if self.program.is_none() {
            return Err(Error::inventory(format!("ssh.config {}: there is no ssh to read it", config.display()))
                .hint("install OpenSSH's client, or set ssh.config to none"));
        }
        Ok(())
    }

    fn cache(&mut self, program: &Path, question: &Question) -> &mut Cache {
        let home = self.home.as_deref();
        let cache = self.caches.entry(question.config.clone());
        cache.or_insert_with(|| Cache::open(program, question.file(), home))
    }

    fn read(&self, question: &Question, answer: &str) -> Result<HostConfig, Error> {
        let here = Here { home: self.home.as_deref(), env: &|name| std::env::var(name).ok() };
        ssh_config::read(answer, &here)
            .map_err(|why| Error::inventory(format!("ssh's configuration of {}: {why}", question.host)))
    }
}

/// Asks all questions, several at a time. An ssh that has no answer for this user gives none.
fn ask_all<'a>(program: &Path, questions: &[&'a Question]) -> Result<Vec<(&'a Question, Said)>, Error> {
    let ahead = Mutex::new(questions.iter().copied());
    let answers = Mutex::new(Vec::new());
    let work = || {
        // A lock is never held where something could panic.
        while let Some(question) = { ahead.lock().unwrap_or_else(PoisonError::into_inner).next() } {
            let answer = program::ask(program, question);
            answers.lock().unwrap_or_else(PoisonError::into_inner).push((question, answer));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..questions.len().min(ASKED_AT_ONCE_MAX) {
            // Where no thread can be had, this one does it all.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    let answered = answers.into_iter().map(|(question, answer)| Ok(answer?.map(|said| (question, said))));
    answered.filter_map(Result::transpose).collect()
}
