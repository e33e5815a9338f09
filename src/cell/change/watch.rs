//! Nodes are looked at while they are waited for: what a step may take on a living node is not waited for on a dead one.

use std::pin::pin;

use super::Changing;
use crate::core::event::{Event, Listener};
use crate::core::name::NodeName;
use crate::core::observation::Picture;
use crate::core::plan::{Evidence, Life, life};
use crate::core::silence::{Cause, Phase, Silence};

/// Whoever hears nothing: what is seen aside is no news.
struct Deaf;

impl Listener for Deaf {
    fn hear(&mut self, _: &Event<'_>) -> std::io::Result<()> {
        Ok(())
    }
}

impl Changing<'_> {
    /// Waits for work on these nodes, as long as none of them is found dead.
    ///
    /// # Errors
    /// That node, and how it fell silent: whatever was begun there may have been done.
    pub(super) async fn unless_dead<T>(
        &self,
        nodes: &[NodeName],
        work: impl Future<Output = T>,
    ) -> Result<T, (NodeName, Silence)> {
        let mut work = pin!(work);
        let mut seen: Vec<Picture> = Vec::new();
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                picture = self.look_aside() => seen.extend(picture),
            }
            for node in nodes {
                if let Life::Dead(Evidence { silence, .. }) = life(node, &seen, self.cell.inventory.timing.misses) {
                    let died = || Silence { phase: Phase::Output, cause: Cause::Local("it died".to_owned()) };
                    return Err((node.clone(), silence.unwrap_or_else(died)));
                }
            }
        }
    }

    /// Looks at the cell, once more time has passed than an answer should take.
    async fn look_aside(&self) -> Option<Picture> {
        tokio::time::sleep(self.timeout).await;
        // It fails where the listener does, and this one never does.
        self.cell.gather(self.timeout, &mut Deaf).await.ok()
    }
}
