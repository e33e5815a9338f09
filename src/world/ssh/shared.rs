//! What the owner thread of a session shares with those who ask it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::proxy_command::ProxyCommand;
use super::socket::Socket;
use crate::core::silence::{Cause, Phase, Silence};

/// What the owner thread shows of itself: how far it is, and what to cut.
#[derive(Debug)]
pub(super) struct Shared {
    phase: AtomicU8,
    /// How the connection that is being made was turned away, while it is tried again.
    turned_away: Mutex<Option<Silence>>,
    pub(super) standing: AtomicBool,
    socket: Mutex<Option<Socket>>,
    /// The commands that carry the connection or one on the way. One that does not mind the end of its input would
    /// outlive this process, whose threads end with it, wherever they are.
    proxies: Mutex<Vec<Weak<ProxyCommand>>>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            phase: AtomicU8::new(Phase::Resolve as u8),
            turned_away: Mutex::new(None),
            standing: AtomicBool::new(false),
            socket: Mutex::new(None),
            proxies: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(super) fn phase(&self) -> Phase {
        Phase::ALL.get(usize::from(self.phase.load(Ordering::Relaxed))).copied().unwrap_or(Phase::Resolve)
    }

    pub(super) fn keep_refusal(&self, silence: Option<Silence>) {
        *self.turned_away.lock().unwrap_or_else(PoisonError::into_inner) = silence;
    }

    /// What is to be told where the time is over now.
    pub(super) fn late(&self) -> Silence {
        let turned_away = self.turned_away.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Silence { phase: self.phase(), cause: Cause::Timeout }.after(turned_away)
    }

    pub(super) fn hold(&self, socket: Option<Socket>) {
        *self.socket.lock().unwrap_or_else(PoisonError::into_inner) = socket;
    }

    pub(super) fn hold_proxy(&self, proxy: &Arc<ProxyCommand>) {
        let mut proxies = self.proxies.lock().unwrap_or_else(PoisonError::into_inner);
        proxies.retain(|proxy| proxy.strong_count() > 0);
        proxies.push(Arc::downgrade(proxy));
    }

    /// Ends the connection under the owner's hands: whatever it waits for fails at once.
    pub(super) fn cut(&self) {
        if let Some(socket) = &*self.socket.lock().unwrap_or_else(PoisonError::into_inner) {
            socket.cut();
        }
        let proxies = self.proxies.lock().unwrap_or_else(PoisonError::into_inner);
        proxies.iter().filter_map(Weak::upgrade).for_each(|proxy| proxy.end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_turned_away_is_told_so_where_the_time_is_over_before_more_is_known() {
        let (shared, refusal) = (Shared::new(), Cause::TurnedAway("Exceeded MaxStartups".to_owned()));
        shared.keep_refusal(Some(Silence { phase: Phase::Banner, cause: refusal.clone() }));
        shared.enter(Phase::Connect);
        assert_eq!(shared.late(), Silence { phase: Phase::Banner, cause: refusal });
        shared.enter(Phase::Kex);
        assert_eq!(shared.late(), Silence { phase: Phase::Kex, cause: Cause::Timeout });
    }
}
