//! `ProxyJump`: the hosts to go through, `[user@]host[:port]`, parted by commas.

/// One host to go through, as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The user there, if one is said.
    pub user: Option<String>,
    /// Its name, which the configuration may know.
    pub host: String,
    /// Its port, if one is said.
    pub port: Option<u16>,
}

/// The hosts of a chain, the nearest first; nothing for `none`, and nothing where one of them cannot be read.
#[must_use]
pub fn chain(text: &str) -> Option<Vec<Hop>> {
    if text == "none" { Some(Vec::new()) } else { text.split(',').map(Hop::read).collect() }
}

/// The host next to the goal, and the chain that leads to it if there is more than one: so ssh takes a chain apart.
#[must_use]
pub fn split_last(text: &str) -> Option<(Hop, Option<&str>)> {
    match text.rsplit_once(',') {
        Some((before, last)) => Some((Hop::read(last)?, Some(before))),
        None => Some((Hop::read(text)?, None)),
    }
}

impl Hop {
    fn read(text: &str) -> Option<Self> {
        let text = text.strip_prefix("ssh://").map_or(text, |rest| rest.trim_end_matches('/'));
        let (user, place) = match text.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, text),
        };
        let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, rest)) => (host, Some(rest.strip_prefix(':')?)),
            // An address of IPv6 without brackets has colons of its own.
            None if place.matches(':').count() > 1 => (place, None),
            None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            Some(port) => Some(port.parse().ok().filter(|port| *port > 0)?),
            None => None,
        };
        (is_safe(host) && user.is_none_or(is_safe)).then(|| Self {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port,
        })
    }
}

/// Whether a name is safe as an argument, and for a shell that ssh's configuration might put it before.
fn is_safe(name: &str) -> bool {
    let is_foreign = |c: char| c.is_whitespace() || c.is_control() || "'`\"$\\;&<>|(){}@/[],".contains(c);
    !name.is_empty() && !name.starts_with('-') && !name.contains(is_foreign)
}
